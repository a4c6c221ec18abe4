-- What proves a consent: what was said, signed or clicked. Rows are never changed; the shared table says what holds.
CREATE TABLE photoctl.consent_evidence (
    consent_id  uuid      PRIMARY KEY REFERENCES user_consents (id) ON DELETE CASCADE,
    -- Words, or a file such as a scanned form with its name.
    words       text,
    file_name   text,
    file        bytea,
    -- Of the words in UTF-8, or of the file.
    sha256      bytea     NOT NULL CHECK (octet_length(sha256) = 32),
    recorded_at timestamp NOT NULL DEFAULT now(),
    CHECK ((words IS NULL) <> (file IS NULL)),
    CHECK ((file IS NULL) = (file_name IS NULL))
);
