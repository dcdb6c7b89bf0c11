"""Small files of every kind that liaisons bring, and of some that they must not bring."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import docx
import openpyxl

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<<>>endobj\n%%EOF\n"
JPG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256))
GIF = b"GIF89a" + bytes(20)
WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8L" + bytes(14)
EXE = b"MZ\x90\x00" + bytes(200)


# As Ghostscript, LibreOffice and qpdf write them: with a password to open them, with restrictions alone, or open.
_PDF_FOLDER = Path(__file__).parent / "pdf"
ENCRYPTED_PDF = sorted(path.name for path in _PDF_FOLDER.glob("*.pdf") if not path.name.startswith("open_"))
OPEN_PDF = sorted(path.name for path in _PDF_FOLDER.glob("open_*.pdf"))


def pdf(name: str) -> bytes:
    return (_PDF_FOLDER / name).read_bytes()


def png() -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\x00\xff\x00\x00")) + chunk(b"IEND", b"")


def word() -> bytes:
    document = docx.Document()
    document.add_paragraph("宣传活动总结")
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def excel() -> bytes:
    target = io.BytesIO()
    openpyxl.Workbook().save(target)
    return target.getvalue()


def package(entries: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return target.getvalue()


def with_entry(source: bytes, name: str, content: bytes) -> bytes:
    """The archive with one entry more."""
    target = io.BytesIO(source)
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return target.getvalue()


def with_renamed_macros(told_by: str, *, encoding: str = "utf-8", source: bytes = b"") -> bytes:
    """A document whose code lies in a part with a harmless name; `told_by`: content type, relationship or both."""
    source = source or word()
    target = io.BytesIO()
    kind = "application/vnd.ms-office.vbaProject"
    relation = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
    with zipfile.ZipFile(io.BytesIO(source)) as given, zipfile.ZipFile(target, "w") as archive:
        for name in given.namelist():
            content = given.read(name)
            if name == "[Content_Types].xml" and told_by != "relationship":
                override = f'<Override PartName="/word/data.bin" ContentType="{kind}"/></Types>'
                content = content.decode().replace("</Types>", override).encode(encoding)
            elif name.endswith("document.xml.rels") and told_by != "content type":
                more = f'<Relationship Id="rIdX" Type="{relation}" Target="data.bin"/></Relationships>'
                content = content.decode().replace("</Relationships>", more).encode(encoding)
            archive.writestr(name, content)
        archive.writestr("word/data.bin", b"code")
    return target.getvalue()


def compound(*names: str) -> bytes:
    """An OLE compound file of four sectors: header, sector table, directory, and one that is empty."""
    header = bytearray(512)
    header[:8] = bytes.fromhex("d0cf11e0a1b11ae1")
    struct.pack_into("<HHH", header, 24, 0x3E, 3, 0xFFFE)
    struct.pack_into("<HH", header, 30, 9, 6)
    struct.pack_into("<III", header, 44, 1, 1, 0)
    struct.pack_into("<IIIII", header, 56, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    struct.pack_into("<109I", header, 76, 0, *[0xFFFFFFFF] * 108)
    table = struct.pack("<128I", 0xFFFFFFFD, 0xFFFFFFFE, *[0xFFFFFFFF] * 126)
    directory = b""
    for kind, name in [(5, "Root Entry"), *((2, name) for name in names)]:
        letters = name.encode("utf-16-le")
        directory += letters.ljust(64, b"\0") + struct.pack("<HB", len(letters) + 2, kind) + bytes(61)
    return bytes(header) + table + directory.ljust(512, b"\0") + bytes(512)
