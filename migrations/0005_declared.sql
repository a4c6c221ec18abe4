-- Which things an event file describes: the file's own stable key for each, so that a rename is a rename.
CREATE TABLE photoctl.declared (
    -- operator, photographer, package, project.
    noun        text      NOT NULL CHECK (noun IN ('operator', 'photographer', 'package', 'project')),
    -- Whose key it is; an operator's own keys have the nil id here.
    operator_id uuid      NOT NULL,
    key         text      NOT NULL,
    id          uuid      NOT NULL,
    declared_at timestamp NOT NULL DEFAULT now(),
    PRIMARY KEY (noun, operator_id, key),
    UNIQUE (noun, id)
);
