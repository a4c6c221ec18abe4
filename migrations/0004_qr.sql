-- What photoctl knows of QR tokens beyond the shared table: whose one is, whether it is a poster's, who came by it.

-- Only for tokens of which there is something to say. The web application does not look here.
CREATE TABLE photoctl.qr_tokens (
    token_id   uuid      PRIMARY KEY REFERENCES qr_tokens (id) ON DELETE CASCADE,
    -- The guest that it was issued for: their own.
    user_id    uuid      REFERENCES users (id) ON DELETE CASCADE,
    -- A poster's: anybody may use it, and used_at of the shared table stays null.
    reusable   boolean   NOT NULL DEFAULT false,
    use_count  bigint    NOT NULL DEFAULT 0,
    revoked_at timestamp,
    CHECK (NOT reusable OR user_id IS NULL)
);
CREATE INDEX qr_tokens_user_id_idx ON photoctl.qr_tokens (user_id);

-- Who joined by which token, and when.
CREATE TABLE photoctl.qr_uses (
    token_id uuid      NOT NULL REFERENCES qr_tokens (id) ON DELETE CASCADE,
    user_id  uuid      NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    used_at  timestamp NOT NULL DEFAULT now(),
    PRIMARY KEY (token_id, user_id)
);
CREATE INDEX qr_uses_user_id_idx ON photoctl.qr_uses (user_id);
