//! Nobody is looked for without an active consent, whatever happens at once.

use sqlx::Connection;

use super::{Seed, photo, tags, told, user};
use crate::photos_world::{PROJECT, World};

#[test]
fn who_does_not_allow_it_is_not_compared_and_is_found_once_they_do() {
    for world in World::both() {
        let mut seed = Seed::default();
        seed.guest(1).guest(2).photo(&photo(1), &[&[(1, 0.8)], &[(2, 0.8)]]).plant(&world);
        let settings = format!("project settings set --project {PROJECT} consent_versions 2");
        world.machine().args(shlex::split(&settings).unwrap()).run().code(0);
        world.sql(&format!("UPDATE user_consents SET consent_version = '2' WHERE user_id = '{}'", user(1)));
        let run = tags(&world, &format!("match --project {PROJECT} --json")).code(3).json();
        assert_eq!((&run["members"], &run["blocked"], &run["confirmed"]), (&1.into(), &1.into(), &1.into()), "{run}");
        assert_eq!(told(&world), "001:001:confirmed");
        // What came while they were not compared is compared afterwards, although every photo was matched.
        world.sql(&format!(
            "INSERT INTO user_consents (user_id, consent_type, consent_version, given_at)
             VALUES ('{}', 'biometric_processing', '2', now())",
            user(2)
        ));
        let run = tags(&world, &format!("match --project {PROJECT} --json")).code(0).json();
        assert_eq!((&run["new_selfies"], &run["confirmed"]), (&1.into(), &1.into()), "{run}");
        assert_eq!(told(&world), "001:001:confirmed 001:002:confirmed");
        // Somebody who left is not compared; nothing of what was found is taken back.
        world.sql(&format!("DELETE FROM project_members WHERE user_id = '{}'", user(1)));
        let mut seed = Seed::default();
        seed.photo(&photo(2), &[&[(1, 0.9)]]).plant(&world);
        tags(&world, &format!("match --project {PROJECT} --all")).code(0);
        assert_eq!(told(&world), "001:001:confirmed 001:002:confirmed");
        // Back again, they are found in what came meanwhile.
        world.sql(&format!("INSERT INTO project_members (project_id, user_id) VALUES ('{PROJECT}', '{}')", user(1)));
        tags(&world, &format!("match --project {PROJECT}")).code(0);
        assert_eq!(told(&world), "001:001:confirmed 001:002:confirmed 002:001:confirmed");
    }
}

#[test]
fn a_revocation_takes_vectors_and_what_waits_and_leaves_the_rest() {
    for world in World::both() {
        let mut seed = Seed::default();
        seed.guest(1).guest(2);
        seed.photo(&photo(1), &[&[(1, 0.8)], &[(2, 0.8)]]).photo(&photo(2), &[&[(1, 0.4)]]).plant(&world);
        tags(&world, &format!("match --project {PROJECT}")).code(0);
        assert_eq!(told(&world), "001:001:confirmed 001:002:confirmed 002:001:pending");
        let revoke = world.machine().args(["consent", "revoke", "--user", "g1@example.org", "--yes", "--json"]).run();
        let done = revoke.code(0).json();
        let counts = ["selfies_withdrawn", "photo_faces_withdrawn", "pending_tags_removed", "tags_kept"];
        assert_eq!(counts.map(|name| done[name].as_u64().unwrap()), [1, 2, 1, 1], "{done}");
        let faces = "SELECT count(vector), count(withdrawn_for) FROM photoctl.faces";
        assert_eq!(world.sql(faces), "1|2");
        assert_eq!(told(&world), "001:001:confirmed 001:002:confirmed");
        // A second run, of everything, neither finds them nor takes what is confirmed.
        let run = tags(&world, &format!("match --project {PROJECT} --all --json")).code(0).json();
        assert_eq!((&run["members"], &run["faces"]), (&1.into(), &1.into()), "{run}");
        assert_eq!(told(&world), "001:001:confirmed 001:002:confirmed");
    }
}

#[test]
fn what_was_decided_elsewhere_before_a_revocation_holds_after_it() {
    let world = World::real();
    let mut seed = Seed::default();
    seed.guest(1).photo(&photo(1), &[&[(1, 0.4)]]).photo(&photo(2), &[&[(1, 0.8)]]).plant(&world);
    tags(&world, &format!("match --project {PROJECT}")).code(0);
    assert_eq!(told(&world), "001:001:pending 002:001:confirmed");
    // The web application takes one away, and has the other looked at again.
    let (one, two) = (photo(1), photo(2));
    world.sql(&format!(
        "DELETE FROM photo_tags WHERE photo_id = '{one}';
         UPDATE photo_tags SET review_status = 'pending' WHERE photo_id = '{two}'"
    ));
    let vector = world.sql("SELECT embedding FROM selfies");
    world.machine().line("consent revoke --user g1@example.org --yes").ok();
    world.sql(&format!(
        "INSERT INTO user_consents (user_id, consent_type, consent_version, given_at)
         VALUES ('{}', 'biometric_processing', '1', now());
         UPDATE selfies SET embedding = '{vector}';
         UPDATE photoctl.faces SET vector = '{vector}', withdrawn_for = NULL",
        user(1)
    ));
    tags(&world, &format!("match --project {PROJECT}")).code(0);
    assert_eq!(told(&world), "002:001:confirmed", "nobody said no to that one");
}

/// A look numbers the faces of a photo anew, and another model sees them too: what is somebody's is where it was.
#[test]
fn a_revocation_finds_the_face_where_it_was_seen() {
    let world = World::real();
    let mut seed = Seed::default();
    seed.guest(1).guest(2).photo(&photo(1), &[&[(1, 0.8)], &[(2, 0.8)]]).plant(&world);
    tags(&world, &format!("match --project {PROJECT}")).code(0);
    world.sql(
        "UPDATE photoctl.faces SET ordinal = ordinal + 7;
         INSERT INTO photoctl.faces (photo_id, model, ordinal, face_left, face_top, face_width, face_height, landmarks,
                score, width_px, sharpness, luma, yaw, pitch, roll, vector)
         SELECT photo_id, 'another', 0, face_left + 0.01, face_top, face_width, face_height, landmarks, score, width_px,
                sharpness, luma, yaw, pitch, roll, vector
           FROM photoctl.faces WHERE ordinal = 8",
    );
    let revoke = || world.machine().line("consent revoke --user g2@example.org --yes --json").run().code(0).json();
    assert_eq!(revoke()["photo_faces_withdrawn"], 2);
    let left = "SELECT model = 'another', ordinal, vector IS NULL FROM photoctl.faces ORDER BY 1, 2";
    assert_eq!(world.sql(left), "f|7|f\nf|8|t\nt|0|t");
    // Nothing but a face is left of somebody who revoked elsewhere and has no selfie any more: it goes too.
    world.sql(&format!(
        "UPDATE selfies SET embedding = NULL WHERE user_id = '{0}';
         UPDATE user_consents SET revoked_at = now() WHERE user_id = '{0}'",
        user(1)
    ));
    let revoke = || world.machine().line("consent revoke --user g1@example.org --yes --json").run().code(0).json();
    assert_eq!((&revoke()["photo_faces_withdrawn"], &revoke()["photo_faces_withdrawn"]), (&1.into(), &0.into()));
    assert_eq!(world.sql("SELECT count(vector) FROM photoctl.faces"), "0");
    let log =
        "SELECT fields->'photo_faces_withdrawn'->>'after' FROM photoctl.audit WHERE action = 'revoke' ORDER BY seq";
    assert_eq!(world.sql(log), "2\n1");
}

/// The run is held in its second transaction by somebody who works on a photo; the revocation comes then. It waits for
/// that transaction, and the third writes nothing for them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_tag_is_written_after_a_revocation_that_came_while_a_run_went_on() {
    const PHOTOS: usize = 1_200;
    let world = World::real();
    let mut seed = Seed::default();
    seed.guest(1).guest(2);
    for n in 0..PHOTOS {
        seed.photo(&photo(n), &[&[(1, 0.8)], &[(2, 0.4)]]);
        // An argument of psql has its length.
        if n % 20 == 19 {
            seed.plant(&world);
        }
    }
    let db = world.database().unwrap();
    let mut somebody = db.outsider().await;
    let held = format!("BEGIN; SELECT FROM photos WHERE id = '{}' FOR UPDATE", photo(700));
    sqlx::raw_sql(sqlx::AssertSqlSafe(held)).execute(&mut somebody).await.unwrap();
    let run = world.machine().line(&format!("tags match --project {PROJECT} --json")).spawn();
    db.until_blocked(1);
    let revoke = world.machine().line("consent revoke --user g1@example.org --yes").spawn();
    db.until_blocked(2);
    assert_eq!(world.sql("SELECT count(*) FROM photo_tags"), "1000", "the first 500 photos are committed");
    sqlx::raw_sql("COMMIT").execute(&mut somebody).await.unwrap();
    somebody.close().await.unwrap();
    revoke.wait().code(0);
    let report = run.wait().code(0).json();
    let of = |n: usize, status: &str| {
        let sql =
            format!("SELECT count(*) FROM photo_tags WHERE user_id = '{}' AND review_status = '{status}'", user(n));
        world.sql(&sql)
    };
    assert_eq!((of(1, "confirmed"), of(2, "pending")), ("1000".to_owned(), "1200".to_owned()), "{report}");
    let order = "SELECT string_agg(action, ' ' ORDER BY seq) FROM photoctl.audit";
    assert_eq!(world.sql(order), "match match revoke match");
    let left = format!("SELECT count(*) FROM selfies WHERE user_id = '{}' AND embedding IS NOT NULL", user(1));
    assert_eq!(world.sql(&left), "0");
}
