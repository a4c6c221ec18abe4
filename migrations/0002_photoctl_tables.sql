-- What photoctl alone needs, in a schema of its own (the migrator makes it: its history lives there too).
-- Foreign keys to shared tables cascade, or the web application's own deletes would fail. Audit has none.

-- One row: what this database is, and which object store belongs to it.
CREATE TABLE photoctl.installation (
    only_row    boolean   PRIMARY KEY DEFAULT true CHECK (only_row),
    id          uuid      NOT NULL DEFAULT gen_random_uuid(),
    store_url   text,
    -- Oldest photoctl that works with this schema. A migration that breaks older ones raises it.
    min_version text      NOT NULL DEFAULT '0.1.0',
    -- Salt of the hashes that stand for personal data in the audit log.
    audit_salt  bytea     NOT NULL DEFAULT decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'),
    created_at  timestamp NOT NULL DEFAULT now()
);
INSERT INTO photoctl.installation DEFAULT VALUES;

-- What adoption added to, or changed in, tables of the web application.
CREATE TABLE photoctl.adopted (
    table_name  text      NOT NULL,
    object_name text      NOT NULL,
    kind        text      NOT NULL CHECK (kind IN ('table', 'column', 'default', 'nullability', 'index', 'function', 'extension')),
    adopted_at  timestamp NOT NULL DEFAULT now(),
    PRIMARY KEY (table_name, object_name, kind)
);

-- What is known of the file behind a photo. Times are UTC.
CREATE TABLE photoctl.photo_files (
    photo_id                uuid      PRIMARY KEY REFERENCES photos (id) ON DELETE CASCADE,
    sha256                  bytea     NOT NULL CHECK (octet_length(sha256) = 32),
    size_bytes              bigint    NOT NULL,
    -- The name on the card, printable; the raw bytes only where they are not UTF-8.
    original_name           text      NOT NULL,
    original_name_raw       bytea,
    -- What the content is, whatever the name says: jpeg, png, cr2, cr3, nef, arw, raf, dng, orf, rw2.
    format                  text      NOT NULL,
    width                   integer,
    height                  integer,
    orientation             smallint,
    captured_at             timestamp,
    -- Minutes east of UTC, where the camera recorded them; otherwise the project's zone was assumed.
    captured_offset_minutes smallint,
    camera_make             text,
    camera_model            text,
    camera_serial           text,
    lens                    text,
    latitude                double precision,
    longitude               double precision,
    clock_offset_seconds    integer   NOT NULL DEFAULT 0,
    thumbnail_sha256        bytea,
    thumbnail_size_bytes    bigint,
    watermarked_sha256      bytea,
    watermarked_size_bytes  bigint,
    -- SHA-256 of what the derivatives depend on besides the original: watermark, sizes, version of the recipe.
    recipe                  bytea,
    failed_reason           text,
    -- Set by verify when the original is gone from the store.
    original_lost_at        timestamp,
    recorded_at             timestamp NOT NULL DEFAULT now()
);
CREATE INDEX photo_files_sha256_idx ON photoctl.photo_files (sha256);
CREATE INDEX photo_files_captured_at_idx ON photoctl.photo_files (captured_at);

-- Further names under which the same content was found.
CREATE TABLE photoctl.photo_names (
    photo_id uuid NOT NULL REFERENCES photos (id) ON DELETE CASCADE,
    name     text NOT NULL,
    PRIMARY KEY (photo_id, name)
);

-- The RAW beside a JPEG, where both were stored.
CREATE TABLE photoctl.photo_companions (
    photo_id      uuid         NOT NULL REFERENCES photos (id) ON DELETE CASCADE,
    sha256        bytea        NOT NULL CHECK (octet_length(sha256) = 32),
    storage_key   varchar(512) NOT NULL,
    size_bytes    bigint       NOT NULL,
    original_name text         NOT NULL,
    format        text         NOT NULL,
    stored_at     timestamp    NOT NULL DEFAULT now(),
    PRIMARY KEY (photo_id, sha256)
);
CREATE INDEX photo_companions_sha256_idx ON photoctl.photo_companions (sha256);

-- Settings that are an event's policy.
CREATE TABLE photoctl.project_settings (
    project_id uuid      NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    key        text      NOT NULL,
    value      text      NOT NULL,
    set_at     timestamp NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, key)
);

-- Who changed what. Each entry's hash covers the one before: see the audit writer for the exact bytes.
CREATE TABLE photoctl.audit (
    seq           bigint    PRIMARY KEY,
    at            timestamp NOT NULL,
    actor         text      NOT NULL,
    host          text      NOT NULL,
    command       text      NOT NULL,
    entity        text      NOT NULL,
    entity_id     uuid,
    project_id    uuid,
    action        text      NOT NULL,
    fields        jsonb     NOT NULL DEFAULT '{}',
    -- Of a bulk operation: how many things, and the SHA-256 over their sorted ids.
    item_count    bigint,
    items_digest  bytea,
    previous_hash bytea     NOT NULL,
    hash          bytea     NOT NULL
);
CREATE INDEX audit_entity_id_idx ON photoctl.audit (entity_id);
CREATE INDEX audit_at_idx ON photoctl.audit (at);

-- The end of the chain: one row, locked by whoever appends.
CREATE TABLE photoctl.audit_head (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    seq      bigint  NOT NULL,
    hash     bytea   NOT NULL
);
INSERT INTO photoctl.audit_head (seq, hash) VALUES (0, decode(repeat('00', 32), 'hex'));
