-- The web application's day: it inserts into, updates and deletes from every table, with its own columns only.
INSERT INTO users (name, email, password_hash) VALUES ('New', 'new@example.org', 'h');
UPDATE users SET address = 'x' WHERE email = 'new@example.org';
INSERT INTO operators (id, name, email, password_hash, currency, locale, timezone)
    VALUES ('00000000-0000-4000-8000-000000000111', 'Op2', 'op2@example.org', 'h', 'USD', 'en-US', 'America/New_York');
UPDATE operators SET name = 'Op 2' WHERE email = 'op2@example.org';
INSERT INTO photographers (id, operator_id, name, email, password_hash)
    VALUES ('00000000-0000-4000-8000-000000000121', '00000000-0000-4000-8000-000000000111', 'P2', 'p2@example.org', 'h');
UPDATE photographers SET name = 'P 2' WHERE email = 'p2@example.org';
INSERT INTO projects (id, operator_id, name) VALUES ('00000000-0000-4000-8000-000000000131', '00000000-0000-4000-8000-000000000111', 'E2');
UPDATE projects SET end_at = now() WHERE name = 'E2';
INSERT INTO project_members (project_id, user_id, joined_at)
    SELECT '00000000-0000-4000-8000-000000000131', id, now() FROM users WHERE email = 'new@example.org';
UPDATE project_members SET terms_accepted_at = now() WHERE project_id = '00000000-0000-4000-8000-000000000131';
INSERT INTO project_photographers (project_id, photographer_id) VALUES ('00000000-0000-4000-8000-000000000131', '00000000-0000-4000-8000-000000000121');
UPDATE project_photographers SET photographer_id = photographer_id;
INSERT INTO packages (id, operator_id, name, price, photo_count)
    VALUES ('00000000-0000-4000-8000-000000000141', '00000000-0000-4000-8000-000000000111', 'Ten', 990, 10);
UPDATE packages SET price = 980, updated_at = now() WHERE name = 'Ten';
INSERT INTO project_packages (project_id, package_id) VALUES ('00000000-0000-4000-8000-000000000131', '00000000-0000-4000-8000-000000000141');
INSERT INTO project_coaches (project_id, name) VALUES ('00000000-0000-4000-8000-000000000131', 'C2');
UPDATE project_coaches SET name = 'C 2' WHERE name = 'C2';
INSERT INTO photos (id, project_id, photographer_id, storage_key, status, uploaded_at)
    VALUES ('00000000-0000-4000-8000-000000000151', '00000000-0000-4000-8000-000000000131', '00000000-0000-4000-8000-000000000121', 'k', 'processing', now());
UPDATE photos SET status = 'ready' WHERE storage_key = 'k';
INSERT INTO selfies (user_id, storage_key, embedding, status)
    SELECT id, 's', array_fill(0.2::real, ARRAY[128])::vector, 'approved' FROM users WHERE email = 'new@example.org';
UPDATE selfies SET status = 'rejected', rejection_reason = 'r' WHERE storage_key = 's';
INSERT INTO photo_tags (photo_id, user_id, confidence, source, review_status)
    SELECT '00000000-0000-4000-8000-000000000151', id, 80, 'auto', 'pending' FROM users WHERE email = 'new@example.org';
UPDATE photo_tags SET review_status = 'rejected' WHERE confidence = 80;
INSERT INTO purchases (user_id, project_id, package_id, stripe_payment_intent_id, status)
    SELECT id, '00000000-0000-4000-8000-000000000131', '00000000-0000-4000-8000-000000000141', 'pi_2', 'pending' FROM users WHERE email = 'new@example.org';
UPDATE purchases SET status = 'paid' WHERE stripe_payment_intent_id = 'pi_2';
INSERT INTO user_consents (user_id, consent_type, consent_version, given_at)
    SELECT id, 'biometric_processing', '1', now() FROM users WHERE email = 'new@example.org';
UPDATE user_consents SET revoked_at = now() WHERE revoked_at IS NULL;
INSERT INTO qr_tokens (project_id, token, expires_at) VALUES ('00000000-0000-4000-8000-000000000131', 't2', now());
UPDATE qr_tokens SET used_at = now() WHERE token = 't2';
DELETE FROM qr_tokens WHERE token = 't2';
DELETE FROM user_consents WHERE user_id = (SELECT id FROM users WHERE email = 'new@example.org');
DELETE FROM purchases WHERE stripe_payment_intent_id = 'pi_2';
DELETE FROM selfies WHERE storage_key = 's';
DELETE FROM photos WHERE storage_key = 'k';
DELETE FROM project_coaches WHERE name = 'C 2';
DELETE FROM project_packages WHERE project_id = '00000000-0000-4000-8000-000000000131';
DELETE FROM packages WHERE name = 'Ten';
DELETE FROM project_photographers WHERE project_id = '00000000-0000-4000-8000-000000000131';
DELETE FROM project_members WHERE project_id = '00000000-0000-4000-8000-000000000131';
DELETE FROM projects WHERE name = 'E2';
DELETE FROM photographers WHERE email = 'p2@example.org';
DELETE FROM operators WHERE email = 'op2@example.org';
DELETE FROM users WHERE email = 'new@example.org';
