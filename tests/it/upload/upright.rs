//! Pictures that were stored turned or mirrored, from the card to the thumbnail in the store.

use image::RgbImage;
use image::imageops::{FilterType, resize};

use super::{assert_whole, counts, upload};
use crate::imaging::orientation::assert_same;
use crate::imaging::{data, pixels};
use crate::photos_world::World;

#[test]
fn every_orientation_becomes_the_same_upright_thumbnail() {
    let world = World::real();
    let shapes = [("Landscape", (400, 267)), ("Portrait", (267, 400))];
    for (shape, _) in shapes {
        for number in 0..=8 {
            let name = format!("{shape}_{number}.jpg");
            world.machine().file(&format!("card/{name}"), data(&format!("orientation/{name}")));
        }
    }
    assert_eq!(counts(&upload(&world, &world.machine().path().join("card")).ok()), [18, 18, 0, 0, 0]);
    assert_eq!(assert_whole(&world).len(), 18);
    for (shape, (width, height)) in shapes {
        // The first of each is stored upright. Compared at a quarter: what sharpening did is gone there.
        let quarter = |picture: &RgbImage| resize(picture, width / 4, height / 4, FilterType::Triangle);
        let expected = quarter(&pixels(&data(&format!("orientation/{shape}_1.jpg"))));
        for number in 0..=8 {
            let name = format!("{shape}_{number}.jpg");
            let key = world.sql(&format!(
                "SELECT p.thumbnail_key FROM photos p JOIN photoctl.photo_files f ON f.photo_id = p.id
                  WHERE f.original_name = '{name}'"
            ));
            let thumbnail = pixels(&world.object(&key).unwrap());
            assert_eq!(thumbnail.dimensions(), (width, height), "{name}");
            assert_same(&expected, &quarter(&thumbnail), &name);
        }
    }
}
