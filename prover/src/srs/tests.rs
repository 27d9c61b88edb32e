//! Reference strings: sources, files, and what the checks catch.

use std::fs;
use std::path::{Path, PathBuf};

use ff::Field;
use group::Group;
use tempfile::TempDir;

use super::*;
use crate::commit::{parse_compressed_affine, point};
use crate::field::F;

const K: u32 = 5;

fn tau() -> F {
    F::from(0xdead_beef).square() + F::from(7)
}

fn sound() -> Points {
    insecure::points(K, tau()).unwrap()
}

fn full_check(points: &Points) -> Result<()> {
    check::powers(points)?;
    check::lagrange(K, points)
}

fn saved() -> (TempDir, PathBuf, Srs) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("srs");
    let srs = insecure::generate(K).unwrap();
    srs.save(&path).unwrap();
    (dir, path, srs)
}

#[test]
fn group_fft_and_closed_form_agree() {
    let points = sound();
    let again = Points::from_powers(K, points.g.clone(), points.g2, points.s_g2).unwrap();
    assert_eq!(again.g_lagrange, points.g_lagrange);
    full_check(&points).unwrap();
}

#[test]
fn ceremony_downsizes() {
    let small = ceremony::load(4).unwrap();
    assert_eq!((small.size(), small.insecure, small.source.as_str()), (16, false, ceremony::SOURCE));
    for k in [0, 13, 21, u32::MAX] {
        assert!(ceremony::load(k).is_err());
    }
}

#[test]
fn full_ceremony_matches_its_published_lagrange_points() {
    let published = include_bytes!("../../data/ethereum-kzg-4096/g1_lagrange.bin");
    let srs = ceremony::load(12).unwrap();
    assert_eq!(srs.g_lagrange, parse_compressed_affine(published).unwrap());
}

#[test]
fn files_round_trip() {
    let (_dir, path, srs) = saved();
    let loaded = Srs::load(&path).unwrap();
    assert_eq!((loaded.k, loaded.digest, loaded.insecure), (srs.k, srs.digest, true));
    assert_eq!((&loaded.g, &loaded.g_lagrange), (&srs.g, &srs.g_lagrange));
    assert_eq!(loaded.params.s_g2(), srs.params.s_g2());
    assert_eq!(loaded.source, insecure::SOURCE);
}

#[test]
fn altered_files_are_refused() {
    let (_dir, path, _) = saved();
    let good = fs::read(&path).unwrap();
    for position in [0, 9, 40, good.len() / 2, good.len() - 1] {
        let mut bad = good.clone();
        bad[position] ^= 1;
        fs::write(&path, &bad).unwrap();
        assert!(Srs::load(&path).is_err(), "byte {position}");
    }
    for length in [0, 7, 100, good.len() - 1] {
        fs::write(&path, &good[..length]).unwrap();
        assert!(Srs::load(&path).is_err(), "length {length}");
    }
    fs::write(&path, [good.as_slice(), &[0]].concat()).unwrap();
    assert!(Srs::load(&path).is_err());
    fs::remove_file(&path).unwrap();
    assert_eq!(Srs::load(&path).unwrap_err().code(), "io");
}

/// Self-consistent files whose content is wrong.
#[test]
fn wrong_content_is_refused_on_loading() {
    let dir = TempDir::new().unwrap();
    let other = insecure::points(K, tau() + F::ONE).unwrap();
    let with = |change: fn(&mut Points)| {
        let mut points = sound();
        change(&mut points);
        points
    };
    let turned = other.g[1..].iter().chain(&other.g[..1]).copied().collect();
    let cases = [
        ("another tau in G2", Points { s_g2: other.s_g2, ..sound() }, "g1_monomial"),
        ("another Lagrange form", Points { g_lagrange: other.g_lagrange.clone(), ..sound() }, "g1_lagrange"),
        ("not from the generator", Points { g: turned, ..sound() }, "g1_monomial"),
        ("two Lagrange points exchanged", with(|p| p.g_lagrange.swap(20, 24)), "g1_lagrange"),
        ("two powers exchanged", with(|p| p.g.swap(20, 24)), "g1_monomial"),
        ("a power changed", with(|p| p.g[31] = p.g_lagrange[0]), "g1_monomial"),
        ("a power outside the subgroup", with(|p| p.g[31] = outside_subgroup()), "g1_monomial"),
        ("a Lagrange point outside the subgroup", with(|p| p.g_lagrange[31] = outside_subgroup()), "g1_lagrange"),
    ];
    for (name, points, field) in cases {
        refused(name, dir.path(), Srs::assemble(K, points, true, insecure::SOURCE).unwrap(), field);
    }
}

/// Saves a reference string and expects its file to be refused because of `field`.
fn refused(name: &str, folder: &Path, srs: Srs, field: &str) {
    let path = folder.join("srs");
    srs.save(&path).unwrap();
    let error = Srs::load(&path).unwrap_err();
    let place = (error.code(), error.place().file.is_some(), error.place().field.as_deref());
    assert_eq!(place, ("input", true, Some(field)), "{name}: {error}");
}

#[test]
fn the_shipped_ceremony_is_known_by_its_digests() {
    for k in 1..=ceremony::MAX_K {
        assert_eq!(trust::shipped(k).unwrap(), hex::encode(ceremony::load(k).unwrap().digest), "k = {k}");
    }
    assert_eq!((trust::shipped(0), trust::shipped(13), trust::shipped(u32::MAX)), (None, None, None));
}

/// The ceremony's own points are refused in any other form than its own, and another τ under its name.
#[test]
fn no_file_passes_for_the_ceremony() {
    let dir = TempDir::new().unwrap();
    let exchanged = || {
        let mut points = ceremony::load(K).unwrap().points();
        points.g_lagrange.swap(20, 24);
        points
    };
    for (name, points, insecure) in [
        ("two of its Lagrange points exchanged", exchanged(), false),
        ("another tau", sound(), false),
        ("another tau, marked", sound(), true),
        ("its points, marked", ceremony::load(K).unwrap().points(), true),
    ] {
        refused(name, dir.path(), Srs::assemble(K, points, insecure, ceremony::SOURCE).unwrap(), "source");
    }
}

/// Without the mark there are the shipped ceremony and imports, whose names say their size.
#[test]
fn other_sources_need_the_mark() {
    let dir = TempDir::new().unwrap();
    for source in [insecure::SOURCE, "ceremony-32", "ceremony-4096", "Ethereum-kzg-4096", ""] {
        refused(source, dir.path(), Srs::assemble(K, sound(), false, source).unwrap(), "insecure");
    }
    let path = dir.path().join("marked");
    Srs::assemble(K, sound(), true, "elsewhere").unwrap().save(&path).unwrap();
    assert!(Srs::load(&path).unwrap().insecure);
}

/// A point of the curve with a component outside the subgroup.
fn outside_subgroup() -> blst_p1_affine {
    let candidates = (1u8..).map(|x| {
        let mut bytes = [0u8; 48];
        (bytes[0], bytes[47]) = (0x80, x);
        let mut out = blst_p1_affine::default();
        let code = unsafe { blst::blst_p1_uncompress(&mut out, bytes.as_ptr()) };
        (code == blst::BLST_ERROR::BLST_SUCCESS).then_some(out)
    });
    candidates.flatten().find(|p| !point::in_subgroup(p)).unwrap()
}

#[test]
fn full_check_catches_each_fault() {
    let with = |change: fn(&mut Points)| {
        let mut points = sound();
        change(&mut points);
        full_check(&points).unwrap_err()
    };
    with(|p| p.g[7] = outside_subgroup());
    with(|p| p.g_lagrange[7] = outside_subgroup());
    with(|p| p.g.swap(3, 4));
    with(|p| p.g_lagrange.swap(3, 4));
    with(|p| p.g[31] = p.g[30]);
    with(|p| p.g[31] = blst_p1_affine::default());
    with(|p| p.s_g2 = p.g2);
    with(|p| p.s_g2 = G2Projective::identity());
    with(|p| p.s_g2 = -p.s_g2);
    with(|p| p.g2 = p.s_g2);
}

#[test]
fn degenerate_taus_are_refused() {
    for tau in [F::ONE, -F::ONE, F::ZERO] {
        match insecure::points(K, tau) {
            Ok(points) => assert!(full_check(&points).is_err()),
            Err(error) => assert_eq!(error.code(), "input"),
        }
    }
}
