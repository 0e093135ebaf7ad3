"""What the sample fest is made of: plain data, believable, and none of it about real people."""

from dataclasses import dataclass
from typing import Any

SLUG = "riverside"
ZONE = "Asia/Kolkata"
PRIVACY = (
    "Riverside Tech Fest is run by the Riverside School Association, a society of parents and teachers. "
    "Its organisers see what you enter; no one else does."
)
CONSENT = (
    "I am a parent or guardian, or I act with their permission. The fest may keep these details to run the "
    "events and must delete them afterwards."
)
CATEGORIES = ["Coding", "Robotics", "Quiz", "Design", "Workshops"]
VENUES = {
    "Main Hall": "Ground floor, through the front gate",
    "Computer Lab 1": "First floor, left of the stairs",
    "Computer Lab 2": "First floor, right of the stairs",
    "Robotics Arena": "Covered court behind the library",
    "Auditorium": "Opposite the canteen",
    "Art Studio": "Second floor, last door",
}
SCHOOLS = [
    "Riverside Public School",
    "St. Mary's High School",
    "Greenfield Academy",
    "Kendriya Vidyalaya No. 2",
    "Sunrise International School",
    "Lotus Valley School",
    "Hillview Matriculation School",
    "Navodaya Secondary School",
]
ALIASES = {"St. Mary's High School": ["St Marys"], "Kendriya Vidyalaya No. 2": ["KV 2", "KV No. 2"]}
QUESTION: tuple[str, dict[str, Any]] = (
    "poster-in-pixels",
    {
        "text": "Which drawing program do you use?",
        "options": ["Krita", "Inkscape", "GIMP", "Another one, I bring my laptop"],
        "purpose": "we install it on the computers",
        "leads_read": True,
    },
)
"""A question of one event, by the event's slug."""
FIRST_NAMES = ["Aarav", "Diya", "Kabir", "Meera", "Ishaan", "Tara", "Vihaan", "Nila", "Arjun", "Zoya"]
LAST_NAMES = ["Sharma", "Iyer", "Khan", "Das"]


@dataclass(frozen=True, slots=True)
class SampleEvent:
    """Times are hours of the day, `day` counts from 0; `trait` marks the odd ones out."""

    category: str
    name: str
    summary: str
    description: str
    rules: str
    bring: str
    venue: str
    day: int
    starts: float
    ends: float
    grades: tuple[int, int]
    capacity: int
    trait: str = ""


EVENTS = [
    SampleEvent(
        "Coding",
        "Code Sprint Junior",
        "Six small puzzles, ninety minutes, any language you like.",
        "Solve as many puzzles as you can, alone, in the language you know best. Scratch and Python are "
        "welcome, and mentors help with the machine but not with the puzzle.",
        "Each solved puzzle counts; the earlier solution wins a tie.\nNo internet, no chat assistants.",
        "School ID card",
        "Computer Lab 1",
        0,
        9.5,
        11,
        (5, 8),
        60,
    ),
    SampleEvent(
        "Coding",
        "Code Sprint Senior",
        "Eight problems from warm-up to wicked, against the clock.",
        "Two and a half hours, eight problems, one machine. Python, Java and C++ are installed.",
        "Standard contest scoring: a wrong answer costs ten minutes.\nPrinted notes are allowed.",
        "School ID card, printed notes",
        "Computer Lab 2",
        0,
        9.5,
        12,
        (9, 12),
        100,
    ),
    SampleEvent(
        "Coding",
        "Debug Relay",
        "Find the bug, explain it, fix it, run to the next desk.",
        "Ten programs with one mistake each. The person who fixes the most before the bell wins.",
        "Explain each mistake in one sentence before you fix it.",
        "",
        "Computer Lab 1",
        1,
        10,
        11.5,
        (7, 12),
        40,
    ),
    SampleEvent(
        "Coding",
        "Web Page in a Day",
        "Build a page for a real neighbourhood charity.",
        "Meet the charity in the morning, show your page in the afternoon. The best one goes live.",
        "Your own code and pictures, or ones that are free to use.",
        "A laptop if you have one",
        "Computer Lab 2",
        1,
        9.5,
        15.5,
        (8, 12),
        24,
    ),
    SampleEvent(
        "Robotics",
        "Line Follower Challenge",
        "The fastest robot round the black line takes the cup.",
        "Your robot must follow a line with crossings, gaps and one bridge, without your hands.",
        "At most 25 cm on each side.\nThree runs, the best one counts.",
        "Your robot and spare batteries",
        "Robotics Arena",
        0,
        10,
        13,
        (6, 12),
        30,
    ),
    SampleEvent(
        "Robotics",
        "Robo Race",
        "Remote-controlled robots, eight gates, one finish line.",
        "Drive your robot through the course. Every gate you touch costs two seconds.",
        "Wireless control only.\nOne driver for each robot.",
        "Your robot and its remote control",
        "Robotics Arena",
        1,
        10,
        12.5,
        (5, 10),
        32,
        "nearly full",
    ),
    SampleEvent(
        "Robotics",
        "Drone Obstacle Course",
        "Small indoor drones, big indoor obstacles.",
        "We bring the drones and the net, you bring steady thumbs. Training flight included.",
        "Follow the marshal at all times.\nTwo flights each.",
        "",
        "Robotics Arena",
        0,
        14,
        16,
        (8, 12),
        6,
        "tiny",
    ),
    SampleEvent(
        "Quiz",
        "Tech Quiz Prelims",
        "Forty questions from abacus to neural network.",
        "A written round, alone, for everybody. The best sixteen play on the stage on Sunday.",
        "No phones or smart watches in the hall.",
        "A pen",
        "Auditorium",
        0,
        11.5,
        12.5,
        (6, 12),
        200,
    ),
    SampleEvent(
        "Quiz",
        "Science Buzzer Round",
        "Fast questions, faster fingers.",
        "Physics, chemistry, biology and a wild card. Wrong answers cost points, so think first.",
        "The quiz master's word is final.",
        "",
        "Auditorium",
        1,
        11,
        12.5,
        (5, 8),
        80,
    ),
    SampleEvent(
        "Design",
        "Poster in Pixels",
        "Design a poster for clean rivers on the screen.",
        "Two hours with the drawing program of your choice. Posters hang in the main hall on Sunday.",
        "Everything on the poster must be made during the event.",
        "A drawing tablet if you have one",
        "Art Studio",
        0,
        13.5,
        15.5,
        (5, 9),
        36,
    ),
    SampleEvent(
        "Design",
        "App Idea Pitch",
        "Three minutes, three slides, one idea worth building.",
        "Pitch an app that would make a school day better. The jury asks two questions.",
        "Three minutes, then the bell rings.",
        "Your slides on a USB stick",
        "Main Hall",
        1,
        14,
        16,
        (9, 12),
        45,
        "opens soon",
    ),
    SampleEvent(
        "Design",
        "3D Printing Design-a-thon",
        "Draw it in the morning, hold it in the afternoon.",
        "Learn to model a small useful thing and take the print home.",
        "One print each, at most forty minutes of printing.",
        "",
        "Art Studio",
        1,
        9.5,
        13,
        (7, 12),
        20,
        "closed",
    ),
    SampleEvent(
        "Workshops",
        "Build Your First Game",
        "From an empty screen to a playable game before lunch.",
        "A gentle start for everybody who has never written code. You take your game home.",
        "",
        "Nothing but curiosity",
        "Computer Lab 1",
        0,
        13.5,
        15.5,
        (5, 8),
        40,
    ),
    SampleEvent(
        "Workshops",
        "Hello, Microcontroller",
        "Make a light blink, then make it listen.",
        "Breadboard, sensors and a board that you may keep. No soldering.",
        "",
        "",
        "Main Hall",
        1,
        9.5,
        11.5,
        (6, 10),
        48,
    ),
]
