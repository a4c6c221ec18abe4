//! The file for a browser.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::world::{ANA, World, tag};

#[test]
fn the_file_is_private_and_names_nobody() {
    let world = World::new(3, 2);
    let file = world.machine.path().join("faces.html");
    let line = format!("tags review --sheet {}", file.display());
    let report = world.machine.line(&format!("{line} --json")).ok().json();
    assert_eq!((report["tags"].as_u64(), report["people"].as_u64()), (Some(5), Some(2)), "{report}");
    assert_eq!(report["without_picture"], 0);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&file).unwrap();
    for name in ["Ana", "Bo Berg", "example.org", "DSC_", "http://", "https://", "src=\"", "href="] {
        assert!(!text.contains(name), "{name}");
    }
    assert!(text.contains("Guest 1") && text.contains("Guest 2") && text.contains("data:image/jpeg;base64,"));
    assert_eq!(world.db.psql("SELECT count(*) FROM photoctl.review_claims"), "0", "given back");
    let audit = world.machine.line("audit list --action export --json").ok().json();
    assert_eq!((audit[0]["entity"].as_str(), audit.as_array().unwrap().len()), (Some("photo_tag"), 1), "{audit}");
    // A newer one takes its place; with names where they are wanted.
    world.machine.line(&format!("{line} --names --limit 2")).ok().stderr_has("there are more: the file holds 2");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("Ana \\u001b[31mRed") && text.contains("DSC_0001.JPG") && !text.contains("Guest 1"));
    // Anything else does not.
    let other = world.machine.file("mine.html", "<!DOCTYPE html>\n<p>mine");
    let refused = world.machine.line(&format!("tags review --sheet {}", other.display())).run().code(2);
    refused.stderr_has("is not overwritten");
    assert_eq!(std::fs::read_to_string(&other).unwrap(), "<!DOCTYPE html>\n<p>mine");
    // What somebody has before them is not in it, and who does not consent is not either.
    world.db.psql(&format!("UPDATE user_consents SET revoked_at = now() WHERE user_id = '{ANA}'"));
    world.machine.line(&line).ok().stdout_has("2 tags of 1 person");
}

fn browser() -> PathBuf {
    let names = ["chromium-headless-shell", "chromium", "google-chrome"];
    let path = std::env::var_os("PATH").unwrap();
    let found =
        std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name))).find(|file| file.exists());
    found.expect("chromium-headless-shell: tests/packages.sh test")
}

#[test]
fn a_browser_shows_it_and_saves_decisions() {
    let world = World::new(3, 2);
    world.db.psql("UPDATE users SET name = '</script><img src=x onerror=evil=1>' WHERE email = 'bo@example.org'");
    let file = world.machine.path().join("faces.html");
    world.machine.line(&format!("tags review --names --sheet {}", file.display())).ok();
    let folder = world.machine.path().join("downloads");
    std::fs::create_dir(&folder).unwrap();
    let seen = drive(&file, &folder, &world.machine.path().join("shot.png"));
    assert_eq!((seen["cards"].as_u64(), seen["pictures"].as_u64()), (Some(5), Some(10)), "{seen}");
    assert_eq!((seen["evil"].as_str(), seen["errors"].as_array().unwrap().len()), (Some("undefined"), 0), "{seen}");
    assert!(seen["text"].as_str().unwrap().contains("</script><img src=x onerror=evil=1>"), "{seen}");
    assert_eq!((seen["requests"].as_array().unwrap().len(), seen["files"].as_array().unwrap().len()), (0, 1), "{seen}");
    assert_eq!(seen["fetch"], "refused");
    let told = ["after_three", "after_undo", "after_again", "all_shown"].map(|name| seen[name].as_str().unwrap());
    let wanted = [
        "2 confirmed, 1 rejected, 2 open",
        "2 confirmed, 0 rejected, 3 open",
        "2 confirmed, 1 rejected, 2 open",
        "3 confirmed, 1 rejected, 1 open",
    ];
    assert_eq!(told, wanted, "{seen}");
    assert_eq!((seen["of_second"].as_u64(), seen["from_score"].as_u64()), (Some(2), Some(1)), "{seen}");
    let csv = seen["csv"].as_str().unwrap();
    assert!(csv.starts_with("tag_id,photo_id,user_id,decision,seen\r\n") && csv.lines().count() == 5, "{csv}");
    assert!(csv.contains(&format!("{},", tag(1))) && csv.contains(",confirmed,pending\r\n"), "{csv}");
    // And they are carried out.
    let saved = folder.join("decisions.csv");
    world.machine.line(&format!("tags decide --yes {}", saved.display())).ok().stdout_has("3 confirmed, 1 rejected");
    assert_eq!(world.statuses(5), "ccrpc");
}

fn drive(file: &Path, folder: &Path, shot: &Path) -> serde_json::Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/review/drive.py");
    let shot = std::env::var_os("PHOTOCTL_TEST_SHOT").map_or_else(|| shot.to_owned(), PathBuf::from);
    let output = Command::new("python3").arg(script).arg(browser()).args([file, folder, &shot]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&text).unwrap()
}
