"""An event of made-up faces for the rows `match` and `million`: vectors only, no pictures."""

import subprocess

PROJECT = "00000000-0000-4000-8000-0000000000b1"
MODEL = "yunet-2023mar+sface-2021dec"


def uid(kind, n):
    return f"0000000{kind}-0000-4000-8000-{n:012x}"


def copy(url, table, lines):
    command = ["psql", "-qX", "-v", "ON_ERROR_STOP=1", url, "-c", f"COPY {table} FROM STDIN"]
    subprocess.run(command, input="".join(lines).encode(), check=True)


def units(generator, count):
    import numpy

    values = generator.standard_normal((count, 128)).astype(numpy.float32)
    return values / numpy.linalg.norm(values, axis=1, keepdims=True)


def text(vector):
    return "[" + ",".join(f"{value:.7f}" for value in vector) + "]"


def members(url, count, generator):
    """People with consent and a selfie each; answers their vectors."""
    vectors = units(generator, count)
    people(url, vectors)
    return vectors


def people(url, vectors):
    """Members with consent and one selfie each: these vectors."""
    people = len(vectors)
    copy(url, "users (id, name, email, password_hash)",
         (f"{uid(1, n)}\tGuest {n}\tg{n}@example.org\tx\n" for n in range(people)))
    copy(url, "project_members (project_id, user_id)", (f"{PROJECT}\t{uid(1, n)}\n" for n in range(people)))
    copy(url, "user_consents (user_id, consent_type, consent_version, given_at)",
         (f"{uid(1, n)}\tbiometric_processing\t1\t2026-01-01\n" for n in range(people)))
    copy(url, "selfies (id, user_id, storage_key, embedding, status)",
         (f"{uid(2, n)}\t{uid(1, n)}\tk{n}\t{text(vectors[n])}\tapproved\n" for n in range(people)))
    copy(url, "photoctl.selfie_facts (selfie_id, user_id, sha256, engine, model)",
         (f"{uid(2, n)}\t{uid(1, n)}\t\\\\x{n:064x}\tlocal\t{MODEL}\n" for n in range(people)))


def photos(url, count):
    copy(url, "operators (id, name, email, password_hash, currency, locale, timezone)",
         [f"{uid(3, 1)}\tAna\tana@example.org\tx\tEUR\tde\tUTC\n"])
    copy(url, "projects (id, operator_id, name)", [f"{PROJECT}\t{uid(3, 1)}\tFair\n"])
    copy(url, "photographers (id, operator_id, name, email, password_hash)",
         [f"{uid(4, 1)}\t{uid(3, 1)}\tBo\tbo@example.org\tx\n"])
    copy(url, "photos (id, project_id, photographer_id, storage_key, status, uploaded_at)",
         (f"{uid(5, n)}\t{PROJECT}\t{uid(4, 1)}\tp{n}\tready\tnow\n" for n in range(count)))


def scans(url, count, each):
    copy(url, "photoctl.face_scans (photo_id, model, faces, poor, kept)",
         (f"{uid(5, n)}\t{MODEL}\t{each}\t0\tt\n" for n in range(count)))


def faces(url, vectors, each):
    """`each` faces a photo, whose vectors follow each other."""
    fixed = "0.1\t0.1\t0.1\t0.1\t{" + ",".join(["0.5"] * 10) + "}\t0.9\t100\t100\t120\t0\t0.5\t0"
    copy(url, "photoctl.faces (photo_id, model, ordinal, face_left, face_top, face_width, face_height, landmarks, score,"
         " width_px, sharpness, luma, yaw, pitch, roll, vector)",
         (f"{uid(5, n // each)}\t{MODEL}\t{n % each}\t{fixed}\t{text(vector)}\n" for n, vector in enumerate(vectors)))
    scans(url, len(vectors) // each, each)


def series(url, faces):
    """Faces as (photo, vector); three photos that follow each other are taken two seconds apart, the next three later."""
    shots = sorted({photo for photo, _ in faces})
    time = lambda photo: f"2026-06-01 {10 + photo // 180:02}:{photo // 3 % 60:02}:{photo % 3 * 2:02}"
    copy(url, "photoctl.photo_files (photo_id, sha256, size_bytes, original_name, format, captured_at, camera_make, camera_model)",
         (f"{uid(5, photo)}\t\\\\x{photo:064x}\t1000\tIMG_{photo:04}.JPG\tjpeg\t{time(photo)}\tMaker\tX1\n" for photo in shots))
    fixed = "0.1\t0.1\t0.1\t0.1\t{" + ",".join(["0.5"] * 10) + "}\t0.9\t100\t100\t120\t0\t0.5\t0"
    seen = {}
    lines = []
    for photo, vector in faces:
        ordinal = seen[photo] = seen.get(photo, -1) + 1
        lines.append(f"{uid(5, photo)}\t{MODEL}\t{ordinal}\t{fixed}\t{text(vector)}\n")
    copy(url, "photoctl.faces (photo_id, model, ordinal, face_left, face_top, face_width, face_height, landmarks, score,"
         " width_px, sharpness, luma, yaw, pitch, roll, vector)", lines)
    copy(url, "photoctl.face_scans (photo_id, model, faces, poor, kept)",
         (f"{uid(5, photo)}\t{MODEL}\t{count + 1}\t0\tt\n" for photo, count in seen.items()))


def pool(url, count, each, distinct):
    """`count` photos with `each` faces out of `distinct` stored vectors: the database makes them itself."""
    scans(url, count, each)
    command = ["psql", "-qX", "-v", "ON_ERROR_STOP=1", url, "-c", f"""
        CREATE TEMP TABLE pool AS SELECT row_number() OVER () - 1 AS n, embedding AS vector FROM selfies LIMIT {distinct};
        INSERT INTO photoctl.faces SELECT p.id, '{MODEL}', o, 0.1, 0.1, 0.1, 0.1, array_fill(0.5::real, ARRAY[10]),
               0.9, 100, 100, 120, 0, 0.5, 0, pool.vector
          FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS r FROM photos) p
         CROSS JOIN generate_series(0, {each - 1}) o
          JOIN pool ON pool.n = (p.r * {each} + o) % {distinct}"""]
    subprocess.run(command, check=True)
