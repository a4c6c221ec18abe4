INSERT INTO users (id, name, email, password_hash, address) VALUES
    ('00000000-0000-4000-8000-000000000001', 'Zoë "Q" O''Neil', 'zoe@example.org', '$2b$12$x', E'Line 1\nLine 2'),
    ('00000000-0000-4000-8000-000000000002', '李雷', 'Li@Example.org', '$2b$12$y', NULL);
INSERT INTO operators (id, name, email, password_hash, currency, locale, timezone) VALUES
    ('00000000-0000-4000-8000-000000000011', 'Op', 'op@example.org', '$2b$12$z', 'EUR', 'de-DE', 'Europe/Berlin');
INSERT INTO photographers (id, operator_id, name, email, password_hash) VALUES
    ('00000000-0000-4000-8000-000000000021', '00000000-0000-4000-8000-000000000011', 'Ph', 'ph@example.org', 'h');
INSERT INTO projects (id, operator_id, name, start_at) VALUES
    ('00000000-0000-4000-8000-000000000031', '00000000-0000-4000-8000-000000000011', 'Run', '2026-06-01 12:00:00.123456');
INSERT INTO project_members (project_id, user_id, joined_at) VALUES
    ('00000000-0000-4000-8000-000000000031', '00000000-0000-4000-8000-000000000001', '2026-06-01 12:30');
INSERT INTO project_photographers (project_id, photographer_id) VALUES
    ('00000000-0000-4000-8000-000000000031', '00000000-0000-4000-8000-000000000021');
INSERT INTO packages (id, operator_id, name, price, photo_count) VALUES
    ('00000000-0000-4000-8000-000000000041', '00000000-0000-4000-8000-000000000011', 'All', 1990, 100);
INSERT INTO project_packages (project_id, package_id) VALUES
    ('00000000-0000-4000-8000-000000000031', '00000000-0000-4000-8000-000000000041');
INSERT INTO project_coaches (project_id, name) VALUES ('00000000-0000-4000-8000-000000000031', 'Coach');
INSERT INTO photos (id, project_id, photographer_id, storage_key, status, uploaded_at) VALUES
    ('00000000-0000-4000-8000-000000000051', '00000000-0000-4000-8000-000000000031', '00000000-0000-4000-8000-000000000021',
     'web/uploads/1.jpg', 'ready', '2026-06-01 13:00');
INSERT INTO selfies (user_id, storage_key, embedding, quality_score, status)
    SELECT '00000000-0000-4000-8000-000000000001', 's/1.jpg', array_fill(0.1::real, ARRAY[128])::vector, 99.5, 'approved';
INSERT INTO photo_tags (photo_id, user_id, confidence, source, review_status) VALUES
    ('00000000-0000-4000-8000-000000000051', '00000000-0000-4000-8000-000000000001', 93.25, 'auto', 'confirmed');
INSERT INTO purchases (user_id, project_id, package_id, stripe_payment_intent_id, status) VALUES
    ('00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000031', '00000000-0000-4000-8000-000000000041', 'pi_1', 'paid');
INSERT INTO user_consents (user_id, consent_type, consent_version, given_at) VALUES
    ('00000000-0000-4000-8000-000000000001', 'biometric_processing', '1', '2026-06-01 12:31');
INSERT INTO qr_tokens (project_id, token, expires_at) VALUES
    ('00000000-0000-4000-8000-000000000031', 'tok', '2026-07-01');
