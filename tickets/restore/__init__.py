"""After a restore: mails wait until an owner has said which of them go."""
