//! Databases and stores that are not the usual pairs: an embedded database with a bucket, a server with a folder.

use super::{assert_whole, card, counts, jpeg, upload};
use crate::photos_world::World;

#[test]
fn a_card_goes_all_its_way_on_unusual_pairs() {
    for world in World::mixed() {
        let dir = card(&world, "card", 0..4);
        assert_eq!(counts(&upload(&world, &dir).ok()), [4, 4, 0, 0, 0]);
        assert_eq!(assert_whole(&world).len(), 4);
        let verified = |photos: u64, objects: u64| {
            let report = world.photos("verify --deep --exit-code --json").ok().json();
            assert_eq!((&report["photos"], &report["objects"]), (&photos.into(), &objects.into()), "{report:#}");
            assert_eq!(report["differences"], 0);
        };
        verified(4, 12);
        assert_eq!(counts(&upload(&world, &dir).ok()), [4, 0, 4, 0, 0]);

        let deleted = world.photos("delete --all-projects --name DSC_0002.JPG --yes --json").ok().json();
        assert_eq!(deleted["deleted"], 1, "{deleted:#}");
        verified(3, 12);
        assert_eq!(counts(&upload(&world, &dir).ok()), [4, 0, 3, 1, 0], "what was deleted does not come back");
        assert_eq!(download(&world, "three"), [jpeg(0), jpeg(1), jpeg(3)]);
        let restored = world.photos("restore --all-projects --json").ok().json();
        assert_eq!(restored["restored"], 1, "{restored:#}");
        verified(4, 12);
        assert_eq!(download(&world, "four"), (0..4).map(jpeg).collect::<Vec<_>>());
        assert_eq!(assert_whole(&world).len(), 4);
    }
}

/// All originals, in the order of their names.
fn download(world: &World, folder: &str) -> Vec<Vec<u8>> {
    let dir = world.machine().path().join(folder);
    world.photos("download --all-projects --kind original --dir").arg(&dir).ok();
    let mut files: Vec<_> = walkdir::WalkDir::new(&dir)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect();
    files.sort_by_key(|path| path.file_name().map(std::ffi::OsStr::to_owned));
    files.iter().map(|path| std::fs::read(path).unwrap()).collect()
}
