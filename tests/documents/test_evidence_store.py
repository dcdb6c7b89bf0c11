import contextlib
import hashlib
import io
import threading
import zipfile
from pathlib import Path

import pytest

from app.documents import upload_receipt
from app.documents.evidence_store import EvidenceStore, StoredFile
from app.documents.file_name import display_name
from app.documents.refusals import (
    DamagedFile,
    EmptyFile,
    EncryptedPdf,
    FileRefused,
    FileTooLarge,
    ForbiddenType,
    LockedFile,
    LyingType,
    MacrosInside,
    StoreUnavailable,
    UnpacksTooLarge,
)
from tests.documents import samples

MEGABYTE = 1024 * 1024


def inside(content: bytes) -> bytes:
    """A letter with a document embedded in it."""
    return samples.with_entry(samples.word(), "word/embeddings/object1.bin", content)


@pytest.fixture
def store(tmp_path: Path) -> EvidenceStore:
    return EvidenceStore(tmp_path / "evidence", MEGABYTE)


def kept(store: EvidenceStore) -> list[Path]:
    return [path for path in store.folder.rglob("*") if path.is_file()]


def put(store: EvidenceStore, content: bytes, name: str) -> StoredFile:
    return store.store(io.BytesIO(content), name)


def test_a_file_lies_under_the_hash_of_its_content(store: EvidenceStore) -> None:
    stored = put(store, samples.PDF, "总结.pdf")
    sha256 = hashlib.sha256(samples.PDF).hexdigest()
    assert stored == StoredFile("总结.pdf", "application/pdf", len(samples.PDF), sha256)
    assert (store.folder / sha256[:2] / sha256[2:4] / sha256).read_bytes() == samples.PDF
    assert store.fault(sha256, stored.size) is None


def test_the_same_content_is_kept_once_under_whatever_name(store: EvidenceStore) -> None:
    first, second = put(store, samples.PDF, "一.pdf"), put(store, samples.PDF, "二.pdf")
    assert (first.sha256, second.file_name) == (second.sha256, "二.pdf")
    assert len(kept(store)) == 1


def test_eight_threads_that_bring_the_same_file_leave_one(store: EvidenceStore) -> None:
    threads = [threading.Thread(target=put, args=(store, samples.PDF, "总结.pdf")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path.read_bytes() for path in kept(store)] == [samples.PDF]


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("a.pdf", samples.PDF, "application/pdf"),
        *((name, samples.pdf(name), "application/pdf") for name in samples.OPEN_PDF),
        ("照片.PNG", samples.png(), "image/png"),
        ("照片.jpg", samples.JPG, "image/jpeg"),
        ("照片.jpeg", samples.JPG, "image/jpeg"),
        ("图.gif", samples.GIF, "image/gif"),
        ("图.webp", samples.WEBP, "image/webp"),
        ("总结.docx", samples.word(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("台账.xlsx", samples.excel(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (
            "汇报.pptx",
            samples.package({"[Content_Types].xml": b"<Types/>", "ppt/presentation.xml": b"<p/>"}),
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ),
        (
            "内嵌.docx",
            samples.with_entry(samples.word(), "word/embeddings/object1.bin", samples.excel()),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        ("附件.pdf", samples.PDF + samples.excel() + b"\n%%EOF\n", "application/pdf"),
        ("公文.ofd", samples.package({"OFD.xml": b"<OFD/>"}), "application/ofd"),
        ("旧.doc", samples.compound("WordDocument", "1Table"), "application/msword"),
        ("旧.xls", samples.compound("Workbook"), "application/vnd.ms-excel"),
        ("旧.ppt", samples.compound("PowerPoint Document"), "application/vnd.ms-powerpoint"),
        ("文字.wps", samples.compound("WordDocument"), "application/wps-office.wps"),
        ("表格.et", samples.compound("Workbook"), "application/wps-office.et"),
        ("演示.dps", samples.compound("PowerPoint Document"), "application/wps-office.dps"),
        ("说明.txt", "活动三场\r\n".encode(), "text/plain; charset=utf-8"),
        ("说明.txt", "活动三场\r\n".encode("gb18030"), "text/plain; charset=gb18030"),
        ("台账.csv", "\ufeff街道,场次\n".encode(), "text/csv; charset=utf-8"),
    ],
)
def test_every_kind_of_evidence_is_taken(store: EvidenceStore, name: str, content: bytes, media_type: str) -> None:
    assert put(store, content, name).media_type == media_type


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("空.pdf", b"", EmptyFile),
        ("大.pdf", samples.PDF.ljust(MEGABYTE + 1), FileTooLarge),
        ("程序.exe", samples.EXE, ForbiddenType),
        ("压缩.zip", samples.package({"a": b"a"}), ForbiddenType),
        ("网页.html", b"<html>", ForbiddenType),
        ("图.svg", b"<svg/>", ForbiddenType),
        ("宏.docm", samples.word(), ForbiddenType),
        ("宏.xlsm", samples.excel(), ForbiddenType),
        ("没有扩展名", samples.PDF, ForbiddenType),
        ("总结.pdf.exe", samples.PDF, ForbiddenType),
        ("程序.pdf", samples.EXE, LyingType),
        ("图片.pdf", samples.png(), LyingType),
        ("文档.xlsx", samples.word(), LyingType),
        ("压缩.docx", samples.package({"a.txt": b"a"}), LyingType),
        ("旧.docx", samples.compound("WordDocument"), LyingType),
        ("旧.doc", samples.compound("Workbook"), LyingType),
        ("安装包.doc", samples.compound("SomethingElse"), LyingType),
        ("程序.txt", samples.EXE, LyingType),
        ("文档.txt", samples.PDF, LyingType),
        ("文字.pdf", b"just words", LyingType),
        ("宽字符.txt", "活动".encode("utf-16"), LyingType),
        ("乱码.csv", b"\xff\xfe\xfa\xfb\xff" * 10, LyingType),
        ("宏.docx", samples.with_entry(samples.word(), "word/vbaProject.bin", b"code"), MacrosInside),
        ("内嵌宏.docx", inside(samples.with_entry(samples.excel(), "xl/vbaProject.bin", b"code")), MacrosInside),
        ("内嵌的内嵌宏.docx", inside(inside(samples.with_entry(samples.word(), "vbaProject.bin", b""))), MacrosInside),
        ("内嵌旧宏.docx", inside(samples.compound("WordDocument", "_VBA_PROJECT")), MacrosInside),
        ("太深.docx", inside(inside(inside(samples.excel()))), UnpacksTooLarge),
        ("内嵌炸弹.docx", inside(samples.package({"a": bytes(600_000), "b": bytes(10_000_000)})), UnpacksTooLarge),
        ("两用.pdf", samples.PDF + samples.package({"a.txt": b"a"}), LyingType),
        ("两用.png", samples.png() + samples.word(), LyingType),
        ("两用.jpg", samples.JPG + samples.package({"META-INF/MANIFEST.MF": b"Main-Class: x"}), LyingType),
        ("宏.xlsx", samples.with_entry(samples.excel(), "xl/macrosheets/sheet1.xml", b"<m/>"), MacrosInside),
        (
            "宏.docx",
            samples.package(
                {"[Content_Types].xml": b"application/vnd.ms-word.document.macroEnabled", "word/document.xml": b"<w/>"}
            ),
            MacrosInside,
        ),
        ("宏.xls", samples.compound("Workbook", "_VBA_PROJECT_CUR"), MacrosInside),
        ("改名的宏.docx", samples.with_renamed_macros("content type"), MacrosInside),
        ("改名的宏.docx", samples.with_renamed_macros("relationship"), MacrosInside),
        ("改名的宏.docx", samples.with_renamed_macros("both", encoding="utf-16"), MacrosInside),
        ("改名的宏.xlsx", samples.with_renamed_macros("content type", source=samples.excel()), MacrosInside),
        *((name, samples.pdf(name), EncryptedPdf) for name in samples.ENCRYPTED_PDF),
        ("换写法.pdf", samples.pdf("locked_qpdf_xref_stream.pdf").replace(b"/Encrypt ", b"/Encr#79pt "), EncryptedPdf),
        ("无定位.pdf", samples.pdf("locked_ghostscript.pdf").replace(b"startxref", b"startxxxx"), EncryptedPdf),
        ("错位.pdf", samples.pdf("locked_qpdf_xref_stream.pdf").replace(b"\n1900\n", b"\n19\n"), EncryptedPdf),
        ("密.docx", samples.compound("EncryptedPackage", "EncryptionInfo"), LockedFile),
        ("坏.docx", samples.word()[:-200], DamagedFile),
        ("坏.doc", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(100), DamagedFile),
    ],
)
def test_what_is_refused_is_refused_by_name_and_leaves_nothing(
    store: EvidenceStore, name: str, content: bytes, error: type[FileRefused]
) -> None:
    with pytest.raises(error) as refused:
        put(store, content, name)
    assert name in refused.value.fields["files"]
    assert not store.folder.exists() or kept(store) == []


def test_an_encrypted_pdf_is_told_with_what_to_do(store: EvidenceStore) -> None:
    with pytest.raises(EncryptedPdf, match="请另存为不加密的PDF后上传"):
        put(store, samples.pdf("restricted_ghostscript.pdf"), "通知.pdf")


def test_a_trailer_behind_megabytes_of_table_is_found(tmp_path: Path) -> None:
    """Objects that nobody uses make the table long; the word may fall on the border of two pieces."""
    store = EvidenceStore(tmp_path, 20 * MEGABYTE)
    locked = samples.pdf("locked_ghostscript.pdf")
    at = locked.index(b"trailer")
    for rows in (52_428, 52_429, 120_000):
        with pytest.raises(EncryptedPdf):
            put(store, locked[:at] + b"0000000000 65535 f \n" * rows + locked[at:], "长.pdf")


def test_a_lie_is_told_with_what_the_file_really_is(store: EvidenceStore) -> None:
    with pytest.raises(LyingType, match="实际是PNG文件"):
        put(store, samples.png(), "图片.pdf")


class Endless(io.RawIOBase):
    """A file without an end; counts what is taken from it."""

    given = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        assert size > 0
        self.given += size
        return b"x" * size


def test_a_file_without_end_is_not_read_to_its_end(store: EvidenceStore) -> None:
    endless = Endless()
    with pytest.raises(FileTooLarge):
        store.store(endless, "大.txt")  # type: ignore[arg-type]
    assert endless.given <= 3 * MEGABYTE


def test_a_file_of_exactly_the_limit_is_taken(store: EvidenceStore) -> None:
    assert put(store, b"x" * MEGABYTE, "刚好.txt").size == MEGABYTE


@pytest.mark.parametrize("declared", [None, 10])
def test_an_archive_that_unpacks_without_measure_is_refused(store: EvidenceStore, declared: int | None) -> None:
    bomb = samples.with_entry(samples.word(), "word/media/image1.png", bytes(40 * MEGABYTE))
    if declared is not None:  # the size in the table of contents is a lie
        place = bomb.rfind(b"PK\x01\x02") + 24
        bomb = bomb[:place] + declared.to_bytes(4, "little") + bomb[place + 4 :]
    with pytest.raises((UnpacksTooLarge, DamagedFile)):
        put(store, bomb, "炸弹.docx")


def test_an_archive_that_compresses_too_well_is_refused_below_the_limit(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path, 20 * MEGABYTE)
    with pytest.raises(UnpacksTooLarge):
        put(store, samples.with_entry(samples.word(), "word/a.xml", bytes(60 * MEGABYTE)), "炸弹.docx")


def test_an_entry_with_a_password_is_refused(store: EvidenceStore) -> None:
    content = bytearray(samples.package({"[Content_Types].xml": b"x", "word/document.xml": b"x"}))
    content[content.find(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(LockedFile):
        put(store, bytes(content), "密.docx")


def test_an_unknown_packing_is_damage_and_no_accident(store: EvidenceStore) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("[Content_Types].xml", b"x")
        archive.writestr("word/document.xml", b"x")
    with pytest.raises(DamagedFile):
        put(store, target.getvalue(), "怪.docx")


@pytest.mark.parametrize(
    "source",
    [
        samples.word(),
        samples.compound("WordDocument"),
        samples.pdf("open_says_encrypt.pdf"),
        samples.pdf("locked_qpdf_xref_stream.pdf"),
    ],
)
def test_no_damage_whatever_is_an_accident(store: EvidenceStore, source: bytes) -> None:
    """One byte flipped at a time, and cut at every length: refused by name or taken, never anything else."""
    for place in range(0, len(source), max(1, len(source) // 150)):
        for content in (source[:place], source[:place] + bytes([source[place] ^ 0xFF]) + source[place + 1 :]):
            for name in ("文.docx", "文.doc", "文.pdf"):
                with contextlib.suppress(FileRefused):
                    put(store, content, name)


def test_a_loop_in_a_compound_file_ends(store: EvidenceStore) -> None:
    content = bytearray(samples.compound("WordDocument"))
    content[512 + 4 : 512 + 8] = (1).to_bytes(4, "little")  # the directory follows upon itself
    with pytest.raises(DamagedFile):
        put(store, bytes(content), "环.doc")


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("a file where the folder should be")
    with pytest.raises(StoreUnavailable, match="暂时无法保存"):
        put(EvidenceStore(tmp_path / "occupied", MEGABYTE), samples.PDF, "总结.pdf")


def test_damage_on_disk_is_found(store: EvidenceStore) -> None:
    stored = put(store, samples.PDF, "总结.pdf")
    path = store.path(stored.sha256)
    path.write_bytes(samples.PDF.replace(b"1.7", b"1.4"))
    assert store.fault(stored.sha256, stored.size) == "文件内容已改变"
    path.unlink()
    assert store.fault(stored.sha256, stored.size) == "文件缺失"


def test_a_torn_file_is_replaced_by_a_whole_one(store: EvidenceStore) -> None:
    stored = put(store, samples.PDF, "总结.pdf")
    store.path(stored.sha256).write_bytes(b"torn")
    put(store, samples.PDF, "总结.pdf")
    assert store.fault(stored.sha256, stored.size) is None


@pytest.mark.parametrize("sha256", ["", "../../etc/passwd", "A" * 64, "0" * 63])
def test_only_a_hash_leads_to_a_path(store: EvidenceStore, sha256: str) -> None:
    with pytest.raises(ValueError, match="sha256"):
        store.path(sha256)
    assert not store.holds(sha256, 1)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("总结.pdf", "总结.pdf"),
        ("C:\\Users\\某\\总结.PDF", "总结.PDF"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("a\x00b\r\nc.txt", "abc.txt"),
        ("总结\u202efdp.exe", "总结fdp.exe"),
        ("\u200f\u2066总结\u2069.pdf", "总结.pdf"),
        ("  总结.pdf . ", "总结.pdf"),
        (".pdf", "未命名文件.pdf"),
        ("", "未命名文件"),
        ("\u202e", "未命名文件"),
        ("长" * 300 + ".docx", "长" * 195 + ".docx"),
        ("e\u0301tude.pdf", "étude.pdf"),
        ("😀.png", "😀.png"),
    ],
)
def test_a_name_is_for_showing_only(given: str, shown: str) -> None:
    assert display_name(given) == shown


def test_a_receipt_is_good_for_the_account_that_brought_the_file(store: EvidenceStore) -> None:
    stored = put(store, samples.PDF, "总结.pdf")
    token = upload_receipt.issue(store, stored, account_id=7).token
    assert upload_receipt.redeem(store, token, account_id=7) == stored
    assert upload_receipt.redeem(EvidenceStore(store.folder, 1), token, account_id=7) == stored
    assert upload_receipt.redeem(store, token, account_id=8) is None


def test_no_receipt_can_be_made_or_changed_by_hand(store: EvidenceStore, tmp_path: Path) -> None:
    stored = put(store, samples.PDF, "总结.pdf")
    token = upload_receipt.issue(store, stored, account_id=7).token
    elsewhere = EvidenceStore(tmp_path / "elsewhere", MEGABYTE)
    put(elsewhere, samples.PDF, "总结.pdf")
    foreign = upload_receipt.issue(elsewhere, stored, account_id=7).token
    for forged in ("", ".", "x.y", "汉.字", token[:-1], token[1:], "A" + token, foreign):
        assert upload_receipt.redeem(store, forged, account_id=7) is None


def test_a_receipt_is_void_when_its_file_is_gone(store: EvidenceStore) -> None:
    stored = put(store, samples.PDF, "总结.pdf")
    token = upload_receipt.issue(store, stored, account_id=7).token
    store.path(stored.sha256).unlink()
    assert upload_receipt.redeem(store, token, account_id=7) is None
