-- Faces: what was found in photos, what is known of selfies, and who decided what about tags.
-- A vector is compared only with vectors of the same model. Vectors stay here and in selfies.embedding, nowhere else.

-- What a selfie was when it came, and how it was judged.
CREATE TABLE photoctl.selfie_facts (
    selfie_id    uuid      PRIMARY KEY REFERENCES selfies (id) ON DELETE CASCADE,
    user_id      uuid      NOT NULL,
    -- Of the file as it was given: the same file again is the same selfie.
    sha256       bytea     NOT NULL CHECK (octet_length(sha256) = 32),
    file_name    text,
    -- Of the upright picture, in pixels.
    width        integer,
    height       integer,
    -- The file as it was given, where the setting keeps it.
    original_key varchar(512),
    -- Which engine judged it, and which model its vector is of.
    engine       text      NOT NULL,
    model        text      NOT NULL,
    -- The face: fractions of the upright picture's sides; landmarks as five pairs.
    face_left    real,
    face_top     real,
    face_width   real,
    face_height  real,
    landmarks    real[]    CHECK (array_length(landmarks, 1) = 10),
    score        real,
    width_px     real,
    sharpness    real,
    luma         real,
    yaw          real,
    pitch        real,
    roll         real,
    -- Reasons for a refusal that somebody let pass.
    allowed      text[]    NOT NULL DEFAULT '{}',
    judged_at    timestamp NOT NULL DEFAULT now(),
    UNIQUE (user_id, sha256)
);

-- Which photos were looked at, by which model; also those without a face. One row is one question answered.
CREATE TABLE photoctl.face_scans (
    photo_id   uuid      NOT NULL REFERENCES photos (id) ON DELETE CASCADE,
    model      text      NOT NULL,
    -- Faces good enough to be compared, and the others.
    faces      integer   NOT NULL,
    poor       integer   NOT NULL,
    -- Whether the faces' rows were kept for later selfies; false under retain_photo_faces = never and after a purge.
    kept       boolean   NOT NULL,
    scanned_at timestamp NOT NULL DEFAULT now(),
    -- When its faces were compared with every enrolled member; null: that is still to be done. No clock decides what is
    -- new, so nothing that commits late is missed.
    matched_at timestamp,
    PRIMARY KEY (photo_id, model)
);
CREATE INDEX face_scans_unmatched_idx ON photoctl.face_scans (photo_id) WHERE matched_at IS NULL;

CREATE TABLE photoctl.faces (
    photo_id      uuid    NOT NULL REFERENCES photos (id) ON DELETE CASCADE,
    model         text    NOT NULL,
    -- 0 is the largest face of the photo.
    ordinal       integer NOT NULL,
    face_left     real    NOT NULL,
    face_top      real    NOT NULL,
    face_width    real    NOT NULL,
    face_height   real    NOT NULL,
    landmarks     real[]  NOT NULL CHECK (array_length(landmarks, 1) = 10),
    score         real    NOT NULL,
    width_px      real    NOT NULL,
    sharpness     real    NOT NULL,
    luma          real    NOT NULL,
    yaw           real    NOT NULL,
    pitch         real    NOT NULL,
    roll          real    NOT NULL,
    -- Null once the person it was found to be revoked their consent.
    vector        vector(128),
    withdrawn_for uuid,
    PRIMARY KEY (photo_id, model, ordinal),
    CHECK ((vector IS NULL) = (withdrawn_for IS NOT NULL))
);

-- Which selfies were compared with all earlier faces of a project. A member who leaves, or whose consent is not enough
-- at a run, loses the row: what came meanwhile is compared later.
CREATE TABLE photoctl.selfie_matches (
    selfie_id  uuid      NOT NULL REFERENCES selfies (id) ON DELETE CASCADE,
    project_id uuid      NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    model      text      NOT NULL,
    matched_at timestamp NOT NULL DEFAULT now(),
    PRIMARY KEY (selfie_id, project_id, model)
);

-- What photoctl last wrote for a tag, and why. A status in photo_tags that is not this one, or a missing row, is a
-- person's decision.
CREATE TABLE photoctl.tag_marks (
    photo_id       uuid      NOT NULL REFERENCES photos (id) ON DELETE CASCADE,
    user_id        uuid      NOT NULL,
    -- As in photo_tags; null: there is to be none.
    status         text      CHECK (status IN ('confirmed', 'pending', 'rejected')),
    -- local, rekognition; none: made by hand; web: the tag was there before photoctl looked.
    engine         text      NOT NULL,
    model          text,
    -- Raw score of the engine, 0 to 1, of the face with the best of the user's selfies.
    score          real      NOT NULL,
    selfie_id      uuid,
    -- The face, where one was compared.
    ordinal        integer,
    face_left      real,
    face_top       real,
    face_width     real,
    face_height    real,
    -- Who else the face resembled most.
    runner_up      uuid,
    runner_up_score real,
    -- The thresholds that it was decided by.
    confirm_at     real,
    review_at      real,
    margin         real,
    -- Where a photo of the same camera from the same moments turned the decision: which one, and how alike the faces
    -- are. The status tells in which direction.
    context_photo  uuid,
    context_score  real,
    -- When the tag that waited went with the user's consent: what lies there is not computed until it is given again.
    withdrawn_at   timestamp,
    marked_at      timestamp NOT NULL DEFAULT now(),
    PRIMARY KEY (photo_id, user_id)
);
CREATE INDEX tag_marks_user_idx ON photoctl.tag_marks (user_id);

-- What people decided about a person in a photo: the latest row stands. Kept when photo, user or tag go, so that a
-- photo that comes again is not tagged against it. Web: found in photo_tags, decided in the web application.
CREATE TABLE photoctl.tag_decisions (
    id         bigint    GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    photo_id   uuid      NOT NULL,
    user_id    uuid      NOT NULL,
    project_id uuid,
    decision   text      NOT NULL CHECK (decision IN ('confirmed', 'rejected', 'added', 'removed', 'reopened', 'undone')),
    -- What stood before: a status of the tag, or null where there was none.
    before     text,
    by_web     boolean   NOT NULL DEFAULT false,
    -- Who, as in the audit log; null where the web application does not tell.
    actor      text,
    score      real,
    engine     text,
    decided_at timestamp NOT NULL DEFAULT now()
);
CREATE INDEX tag_decisions_pair_idx ON photoctl.tag_decisions (photo_id, user_id, id DESC);
CREATE INDEX tag_decisions_user_idx ON photoctl.tag_decisions (user_id);

-- Tags that a reviewer has before them. A lease: what a crashed one held comes back.
CREATE TABLE photoctl.review_claims (
    tag_id        uuid      PRIMARY KEY REFERENCES photo_tags (id) ON DELETE CASCADE,
    claimed_by    uuid      NOT NULL,
    claimed_until timestamp NOT NULL
);
