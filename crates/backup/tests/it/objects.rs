//! What every place of objects promises, in a directory and on an S3-compatible server.

use vigiles_backup::objects::{DirectoryObjects, Objects};

use crate::s3_server::S3Server;

fn check_objects(objects: &dyn Objects) {
    assert_eq!(objects.get("chunks/aa/1").unwrap(), None);
    assert!(!objects.has("chunks/aa/1").unwrap());
    assert!(objects.list("").unwrap().is_empty());
    let large: Vec<u8> = (0..5 << 20).map(|i: u32| i.to_le_bytes()[i as usize % 4]).collect();
    assert!(objects.add("chunks/aa/1", b"one").unwrap());
    assert!(objects.add("chunks/ab/2", &large).unwrap());
    assert!(objects.add("log/x/1", b"").unwrap());
    // Written once: what is there stays.
    assert!(!objects.add("chunks/aa/1", b"another").unwrap());
    assert_eq!(objects.get("chunks/aa/1").unwrap().unwrap(), b"one");
    assert!(objects.get("chunks/ab/2").unwrap().unwrap() == large);
    assert_eq!(objects.get("log/x/1").unwrap().unwrap(), b"");
    assert!(objects.has("chunks/ab/2").unwrap() && !objects.has("chunks/ab").unwrap());
    let listed = |prefix: &str| {
        let mut all = objects.list(prefix).unwrap();
        all.sort();
        all
    };
    let (one, two, piece) = (("chunks/aa/1".into(), 3), ("chunks/ab/2".into(), 5 << 20), ("log/x/1".into(), 0));
    assert_eq!(listed(""), [one.clone(), two.clone(), piece.clone()]);
    assert_eq!(listed("chunks/"), [one, two]);
    assert_eq!(listed("log/x/"), [piece]);
    assert_eq!(listed("log/y"), []);
    objects.remove("chunks/aa/1").unwrap();
    objects.remove("chunks/aa/1").unwrap();
    assert_eq!(listed("chunks/").len(), 1);
    assert!(objects.add("chunks/aa/1", b"anew").unwrap());
}

#[test]
fn in_a_directory() {
    let folder = tempfile::tempdir().unwrap();
    check_objects(&DirectoryObjects::new(&folder.path().join("deep/down")));
}

#[test]
fn in_a_bucket() {
    let server = S3Server::start();
    check_objects(&*server.place("city", "vigiles").objects().unwrap());
    let town = server.place("town", "").objects().unwrap();
    check_objects(&*town);
    // More than a page of a listing.
    std::thread::scope(|scope| {
        for part in 0..4 {
            let town = &town;
            scope.spawn(move || {
                for i in 0..251 {
                    town.add(&format!("log/many/{part}-{i}"), b"x").unwrap();
                }
            });
        }
    });
    assert_eq!(town.list("log/many/").unwrap().len(), 1004);
}

#[test]
fn a_bucket_that_is_not_there_is_no_empty_one() {
    let server = S3Server::start();
    let objects = server.place("nobodys", "").objects().unwrap();
    let why = objects.get("repository.json").unwrap_err().why;
    assert!(why.contains("NoSuchBucket"), "{why}");
    assert!(objects.list("").unwrap_err().why.contains("NoSuchBucket"));
    assert!(objects.add("a", b"b").unwrap_err().why.contains("NoSuchBucket"));
}
