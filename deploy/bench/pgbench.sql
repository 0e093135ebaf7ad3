-- The statements of one press of the product, in its order: one new student, one event, a seat, a mail.
-- Given with -D: first and count (the events' keys), school, fest, text, base (keeps two runs apart).
\set base :base + 1
\set event :first + random(0, :count - 1)
BEGIN;
SELECT s.*, t.* FROM registrations_submission s JOIN registrations_student t ON t.id = s.student_id WHERE s.key = md5('none' || :client_id::text || '-' || :base::text)::uuid ORDER BY s.id LIMIT 1;
SELECT DISTINCT s.* FROM registrations_school s LEFT JOIN registrations_schoolalias a ON a.school_id = s.id WHERE s.key = 'riverside public school' OR a.key = 'riverside public school' ORDER BY s.name LIMIT 1;
SELECT * FROM registrations_student WHERE fest_id = :fest AND grade = 9 AND name_key = 'p' || :client_id::text || '-' || :base::text AND school_id = :school ORDER BY id;
INSERT INTO registrations_student (fest_id, school_id, grade, section, name, name_key, roll_number, email, email_key, language, reference, link_version) VALUES (:fest, :school, 9, 'b', 'P' || :client_id::text || '-' || :base::text, 'p' || :client_id::text || '-' || :base::text, '12', 'a@example.org', 'a@example.org', 'en', lower(to_hex(:client_id::int)) || lpad(to_hex(:base::int), 6, '0'), 1) ON CONFLICT DO NOTHING RETURNING id AS student \gset
INSERT INTO registrations_submission (key, digest, student_id, created_student, created_at) VALUES (md5(:client_id::text || '-' || :base::text)::uuid, sha256(convert_to('p' || :base::text, 'UTF8')), :student, true, DEFAULT) RETURNING id AS submission \gset
INSERT INTO registrations_consent (student_id, text_id, basis, user_id, at) VALUES (:student, :text, 'form', NULL, DEFAULT);
SELECT last_place + 1 AS place FROM events_seats WHERE event_id = :event ORDER BY event_id FOR NO KEY UPDATE OF events_seats \gset
SELECT e.*, f.*, c.*, v.*, clock_timestamp() FROM events_event e JOIN events_fest f ON f.id = e.fest_id JOIN events_category c ON c.id = e.category_id JOIN events_venue v ON v.id = e.venue_id WHERE e.id = :event AND e.state <> 'draft';
INSERT INTO registrations_registration (event_id, student_id, submission_id, state, place, created_at) VALUES (:event, :student, :submission, 'confirmed', :place, clock_timestamp()) RETURNING id AS registration \gset
INSERT INTO registrations_change (registration_id, from_state, to_state, at, cause, actor, user_id, submission_id, fields) VALUES (:registration, '', 'confirmed', clock_timestamp(), 'submitted', 'student', NULL, :submission, '{}');
UPDATE events_seats SET last_place = last_place + 1, taken = taken + 1 WHERE event_id = :event AND taken <= capacity - 1;
INSERT INTO tickets_ticket (registration_id, student_id, code, created_at, voided_at, rendered_at, render_claimed_at, render_attempts, render_error) VALUES (:registration, :student, left(md5('t' || :client_id::text || '-' || :base::text), 22), clock_timestamp(), NULL, NULL, NULL, 0, '');
INSERT INTO tickets_delivery (kind, student_id, submission_id, change_id, "to", mailbox, key, state, created_at, due_at, attempts, claimed_at, sent_at, provider_id, error) VALUES ('answer', :student, :submission, NULL, 'a@example.org', 'a@example.org', md5('d' || :client_id::text || '-' || :base::text)::uuid, 'queued', clock_timestamp(), clock_timestamp(), 0, NULL, NULL, '', '');
COMMIT;
