-- The tables that the web application and photoctl share. Names, types and meanings are the contract between the
-- two. On a database that the web application made itself this file is recorded as applied, never run.

CREATE EXTENSION IF NOT EXISTS vector;

-- uuid-ossp where the server has it and lets us, else a function of the same name over gen_random_uuid() (in every
-- server since 13). The extension may also be there already, in a schema that is not searched.
DO $$
BEGIN
    IF to_regprocedure('uuid_generate_v4()') IS NULL
       AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'uuid-ossp' AND installed_version IS NULL) THEN
        BEGIN
            CREATE EXTENSION "uuid-ossp";
        EXCEPTION WHEN OTHERS THEN
            RAISE NOTICE 'uuid-ossp cannot be installed: %', SQLERRM;
        END;
    END IF;
    IF to_regprocedure('uuid_generate_v4()') IS NULL THEN
        CREATE FUNCTION uuid_generate_v4() RETURNS uuid
            LANGUAGE sql VOLATILE PARALLEL SAFE
            AS 'SELECT gen_random_uuid()';
    END IF;
END
$$;

CREATE TABLE users (
    id              uuid         PRIMARY KEY DEFAULT uuid_generate_v4(),
    name            varchar(255) NOT NULL,
    email           varchar(255) NOT NULL,
    password_hash   text         NOT NULL,
    address         text,
    billing_address text,
    created_at      timestamp    NOT NULL DEFAULT now(),
    updated_at      timestamp    NOT NULL DEFAULT now(),
    deleted_at      timestamp,
    CONSTRAINT users_email_key UNIQUE (email)
);

CREATE TABLE operators (
    id                  uuid         PRIMARY KEY DEFAULT uuid_generate_v4(),
    name                varchar(255) NOT NULL,
    email               varchar(255) NOT NULL,
    password_hash       text         NOT NULL,
    currency            varchar(3)   NOT NULL,
    locale              varchar(10)  NOT NULL,
    timezone            varchar(64)  NOT NULL,
    profile_picture_url text,
    created_at          timestamp    NOT NULL DEFAULT now(),
    updated_at          timestamp    NOT NULL DEFAULT now(),
    deleted_at          timestamp,
    CONSTRAINT operators_email_key UNIQUE (email)
);

CREATE TABLE photographers (
    id            uuid         PRIMARY KEY DEFAULT uuid_generate_v4(),
    operator_id   uuid         NOT NULL REFERENCES operators (id),
    name          varchar(255) NOT NULL,
    email         varchar(255) NOT NULL,
    password_hash text         NOT NULL,
    address       text,
    created_at    timestamp    NOT NULL DEFAULT now(),
    updated_at    timestamp    NOT NULL DEFAULT now(),
    deleted_at    timestamp,
    CONSTRAINT photographers_email_key UNIQUE (email)
);
CREATE INDEX photographers_operator_id_idx ON photographers (operator_id);

CREATE TABLE projects (
    id                   uuid         PRIMARY KEY DEFAULT uuid_generate_v4(),
    operator_id          uuid         NOT NULL REFERENCES operators (id),
    name                 varchar(255) NOT NULL,
    location_name        varchar(255),
    start_at             timestamp,
    end_at               timestamp,
    project_link         text,
    terms_and_conditions text,
    timezone             varchar(64),
    created_at           timestamp    NOT NULL DEFAULT now(),
    updated_at           timestamp    NOT NULL DEFAULT now(),
    deleted_at           timestamp
);
CREATE INDEX projects_operator_id_idx ON projects (operator_id);

CREATE TABLE project_members (
    id                uuid      PRIMARY KEY DEFAULT uuid_generate_v4(),
    project_id        uuid      NOT NULL REFERENCES projects (id),
    user_id           uuid      NOT NULL REFERENCES users (id),
    joined_at         timestamp NOT NULL DEFAULT now(),
    terms_accepted_at timestamp
);
CREATE INDEX project_members_project_id_idx ON project_members (project_id);
CREATE INDEX project_members_user_id_idx ON project_members (user_id);
CREATE UNIQUE INDEX project_members_project_id_user_id_key ON project_members (project_id, user_id);

CREATE TABLE project_photographers (
    id              uuid      PRIMARY KEY DEFAULT uuid_generate_v4(),
    project_id      uuid      NOT NULL REFERENCES projects (id),
    photographer_id uuid      NOT NULL REFERENCES photographers (id),
    created_at      timestamp NOT NULL DEFAULT now()
);
CREATE INDEX project_photographers_project_id_idx ON project_photographers (project_id);
CREATE INDEX project_photographers_photographer_id_idx ON project_photographers (photographer_id);

CREATE TABLE packages (
    id          uuid         PRIMARY KEY DEFAULT uuid_generate_v4(),
    operator_id uuid         NOT NULL REFERENCES operators (id),
    name        varchar(255) NOT NULL,
    price       integer      NOT NULL,
    photo_count integer      NOT NULL,
    created_at  timestamp    NOT NULL DEFAULT now(),
    updated_at  timestamp    NOT NULL DEFAULT now(),
    deleted_at  timestamp
);
CREATE INDEX packages_operator_id_idx ON packages (operator_id);

CREATE TABLE project_packages (
    project_id uuid      NOT NULL REFERENCES projects (id),
    package_id uuid      NOT NULL REFERENCES packages (id),
    created_at timestamp NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, package_id)
);

CREATE TABLE project_coaches (
    id         uuid         PRIMARY KEY DEFAULT uuid_generate_v4(),
    project_id uuid         NOT NULL REFERENCES projects (id),
    name       varchar(255) NOT NULL,
    created_at timestamp    NOT NULL DEFAULT now()
);
CREATE INDEX project_coaches_project_id_idx ON project_coaches (project_id);

CREATE TABLE photos (
    id              uuid         PRIMARY KEY DEFAULT uuid_generate_v4(),
    project_id      uuid         NOT NULL REFERENCES projects (id),
    photographer_id uuid         NOT NULL REFERENCES photographers (id),
    storage_key     varchar(512) NOT NULL,
    thumbnail_key   varchar(512),
    watermarked_key varchar(512),
    status          varchar(20)  NOT NULL,
    uploaded_at     timestamp    NOT NULL DEFAULT now(),
    updated_at      timestamp    NOT NULL DEFAULT now(),
    deleted_at      timestamp
);
CREATE INDEX photos_project_id_idx ON photos (project_id);
CREATE INDEX photos_photographer_id_idx ON photos (photographer_id);

CREATE TABLE selfies (
    id               uuid         PRIMARY KEY DEFAULT uuid_generate_v4(),
    user_id          uuid         NOT NULL REFERENCES users (id),
    storage_key      varchar(512) NOT NULL,
    embedding        vector(128),
    quality_score    real,
    status           varchar(20)  NOT NULL,
    rejection_reason text,
    created_at       timestamp    NOT NULL DEFAULT now(),
    updated_at       timestamp    NOT NULL DEFAULT now(),
    deleted_at       timestamp
);
CREATE INDEX selfies_user_id_idx ON selfies (user_id);

CREATE TABLE photo_tags (
    id            uuid        PRIMARY KEY DEFAULT uuid_generate_v4(),
    photo_id      uuid        NOT NULL REFERENCES photos (id),
    user_id       uuid        NOT NULL REFERENCES users (id),
    confidence    real        NOT NULL,
    source        varchar(20) NOT NULL,
    review_status varchar(20) NOT NULL,
    created_at    timestamp   NOT NULL DEFAULT now(),
    updated_at    timestamp   NOT NULL DEFAULT now()
);
CREATE INDEX photo_tags_photo_id_idx ON photo_tags (photo_id);
CREATE INDEX photo_tags_user_id_idx ON photo_tags (user_id);

CREATE TABLE purchases (
    id                       uuid         PRIMARY KEY DEFAULT uuid_generate_v4(),
    user_id                  uuid         NOT NULL REFERENCES users (id),
    project_id               uuid         NOT NULL REFERENCES projects (id),
    package_id               uuid         NOT NULL REFERENCES packages (id),
    stripe_payment_intent_id varchar(255) NOT NULL,
    status                   varchar(20)  NOT NULL,
    created_at               timestamp    NOT NULL DEFAULT now(),
    updated_at               timestamp    NOT NULL DEFAULT now(),
    CONSTRAINT purchases_stripe_payment_intent_id_key UNIQUE (stripe_payment_intent_id)
);
CREATE INDEX purchases_user_id_idx ON purchases (user_id);
CREATE INDEX purchases_project_id_idx ON purchases (project_id);
CREATE INDEX purchases_package_id_idx ON purchases (package_id);

CREATE TABLE user_consents (
    id              uuid        PRIMARY KEY DEFAULT uuid_generate_v4(),
    user_id         uuid        NOT NULL REFERENCES users (id),
    consent_type    varchar(50) NOT NULL,
    consent_version varchar(20) NOT NULL,
    given_at        timestamp   NOT NULL DEFAULT now(),
    revoked_at      timestamp
);
CREATE INDEX user_consents_user_id_idx ON user_consents (user_id);

CREATE TABLE qr_tokens (
    id         uuid         PRIMARY KEY DEFAULT uuid_generate_v4(),
    project_id uuid         NOT NULL REFERENCES projects (id),
    token      varchar(255) NOT NULL,
    expires_at timestamp    NOT NULL,
    used_at    timestamp,
    created_at timestamp    NOT NULL DEFAULT now(),
    CONSTRAINT qr_tokens_token_key UNIQUE (token)
);
CREATE INDEX qr_tokens_project_id_idx ON qr_tokens (project_id);
