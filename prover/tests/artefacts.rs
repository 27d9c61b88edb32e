//! Hostile files: every way to break a container ends in one error that names file and field.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;
use zkapex_prover::artefact::writer::{header, write_atomic, Writer};
use zkapex_prover::artefact::Container;
use zkapex_prover::error::Error;

fn sample(folder: &Path) -> PathBuf {
    let path = folder.join("sample.safetensors");
    let mut writer = Writer::new(&path).unwrap();
    writer.tensor("a", &[2, 3], [Ok(vec![1, 2, 3]), Ok(vec![4, 5, 6])]).unwrap();
    writer.tensor("b", &[0], []).unwrap();
    writer.finish_artefact("points", header(&[("of", "00".repeat(32))])).unwrap();
    path
}

fn refused(path: &Path) -> Error {
    match Container::open(path, "points") {
        Ok(_) => panic!("{} was accepted", path.display()),
        Err(error) => error,
    }
}

/// Rewrites the safetensors header by `edit` and keeps the data.
fn with_header(path: &Path, edit: impl Fn(&str) -> String) {
    let bytes = fs::read(path).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let text = edit(std::str::from_utf8(&bytes[8..8 + length]).unwrap());
    let mut out = (text.len() as u64).to_le_bytes().to_vec();
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(&bytes[8 + length..]);
    fs::write(path, out).unwrap();
}

#[test]
fn a_sound_container_round_trips() {
    let folder = TempDir::new().unwrap();
    let container = Container::open(&sample(folder.path()), "points").unwrap();
    assert_eq!(container.read_slice("a", 1).unwrap(), [4, 5, 6]);
    assert!(container.read_all("b").unwrap().is_empty());
    assert!(container.read("a", 5, 2).is_err() && container.read_all("c").is_err());
}

#[test]
fn truncated_altered_and_padded_files_are_refused() {
    let folder = TempDir::new().unwrap();
    let path = sample(folder.path());
    let whole = fs::read(&path).unwrap();
    for cut in [0, 7, 8, 40, whole.len() - 1] {
        fs::write(&path, &whole[..cut]).unwrap();
        assert_eq!(refused(&path).exit_code(), 2, "cut at {cut}");
    }
    fs::write(&path, [whole.as_slice(), &[0]].concat()).unwrap();
    assert!(refused(&path).to_string().contains("truncated or altered"));
    let mut altered = whole.clone();
    *altered.last_mut().unwrap() ^= 1;
    fs::write(&path, &altered).unwrap();
    let error = refused(&path);
    assert!(error.to_string().contains("SHA-256") && error.place().field.as_deref() == Some("a"), "{error}");
    let mut huge = whole;
    huge[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    fs::write(&path, huge).unwrap();
    assert_eq!(refused(&path).exit_code(), 2);
}

/// Whatever byte of header or data changes, the file is refused or is another artefact with another digest.
#[test]
fn every_byte_of_a_container_matters() {
    let folder = TempDir::new().unwrap();
    let path = sample(folder.path());
    let digest = *Container::open(&path, "points").unwrap().digest();
    let whole = fs::read(&path).unwrap();
    for index in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[index] ^= 0x01;
        fs::write(&path, &bytes).unwrap();
        if let Ok(container) = Container::open(&path, "points") {
            assert_ne!(*container.digest(), digest, "flipping byte {index} went unnoticed");
        }
    }
}

#[test]
fn headers_that_lie_are_refused() {
    let table: [(&str, &str, &str); 13] = [
        ("zkapex.points", "zkapex.bundle", "format"),
        (r#"\"version\":\"1\""#, r#"\"version\":\"2\""#, "version"),
        (r#"\"of\":"#, r#"\"of\": "#, "header"),
        (r#"\"shape\":[\"2\",\"3\"]"#, r#"\"shape\":[\"3\",\"2\"]"#, "a"),
        (r#"\"dtype\":\"U8\",\"sha256\""#, r#"\"dtype\":\"I8\",\"sha256\""#, "tensors.a.dtype"),
        (r#""shape":[2,3]"#, r#""shape":[2,4]"#, "a"),
        (r#""data_offsets":[0,6]"#, r#""data_offsets":[0,5]"#, "a"),
        (r#""__metadata__":{"zkapex""#, r#""__metadata__":{"other""#, "zkapex"),
        (r#""__metadata__":{"zkapex""#, r#""__metadata__":{"format":"pt","zkapex""#, "format"),
        (r#""__metadata__":{"zkapex""#, r#""__metadata__":{"zkapex":"","zkapex""#, "safetensors header"),
        (r#""b":{"#, r#""b":{"data_offsets":[0,0],"dtype":"U8","shape":[0]},"b":{"#, "safetensors header"),
        (r#""b":{"#, r#""b":{"dtype":"U8","#, "safetensors header"),
        (r#""__metadata__":{"zkapex""#, r#""__metadata__":{"signature":"00","zkapex""#, "signature"),
    ];
    for (from, to, field) in table {
        let folder = TempDir::new().unwrap();
        let path = sample(folder.path());
        with_header(&path, |text| {
            assert!(text.contains(from), "{from} is not in {text}");
            text.replace(from, to)
        });
        let error = refused(&path);
        assert_eq!(error.place().field.as_deref(), Some(field), "{from}: {error}");
        assert!(error.place().file.is_some());
    }
}

/// A request and a base may be signed, by 64 bytes in hex; other kinds have no signature.
#[test]
fn signatures_stand_only_where_they_belong() {
    let (good, short, capital) = ("0a".repeat(64), "0a".repeat(63), "0A".repeat(64));
    let cases = [
        ("base", &good, true),
        ("request", &good, true),
        ("bundle", &good, false),
        ("base", &short, false),
        ("request", &capital, false),
    ];
    for (kind, signature, accepted) in cases {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join(kind);
        let writer = Writer::new(&path).unwrap();
        writer.finish_artefact(kind, header(&[("of", "00".repeat(32))])).unwrap();
        let signed = format!(r#""__metadata__":{{"signature":"{signature}","zkapex""#);
        with_header(&path, |text| text.replace(r#""__metadata__":{"zkapex""#, &signed));
        let opened = Container::open(&path, kind).map_err(|e| e.place().field.clone());
        assert_eq!(opened.err(), (!accepted).then(|| Some("signature".to_owned())), "{kind}");
    }
}

#[test]
fn writing_is_atomic_and_secret_files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("seed");
    write_atomic(&path, b"old", true).unwrap();
    write_atomic(&path, b"new", true).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let missing = folder.path().join("missing/file");
    assert_eq!(write_atomic(&missing, b"x", false).unwrap_err().exit_code(), 4);
}

#[test]
fn a_tensor_that_does_not_fill_its_shape_is_a_fault_of_the_program() {
    let folder = TempDir::new().unwrap();
    let mut writer = Writer::new(&folder.path().join("x")).unwrap();
    assert_eq!(writer.tensor("a", &[3], [Ok(vec![1])]).unwrap_err().exit_code(), 5);
    assert_eq!(json!(fs::read_dir(folder.path()).unwrap().count()), json!(0));
}
