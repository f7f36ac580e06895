import pytest

from models.catalogue import CatalogueError, catalogue, read_catalogue

HASH = "ab" * 32
ENTRY = f"""
[[network]]
name = "n"
role = "r"
pipelines = []
origin = "o"
licence = "MIT"
commercial_use = true
sha256 = "{HASH}"
file = "n.onnx"
input = "i"
colour = "BGR"
preprocessing = "p"
output = "o"

[[network.files]]
name = "n.onnx"
url = "https://example.org/n.onnx"
size_bytes = 1
sha256 = "{HASH}"
"""


def test_an_entry_is_read() -> None:
    (network,) = read_catalogue(ENTRY)

    assert network.is_published
    assert not network.is_converted
    assert network.files[0].url == "https://example.org/n.onnx"


@pytest.mark.parametrize("licence", ["CC-BY-NC-4.0", "GPL-3.0", "non-commercial", ""])
def test_a_network_whose_licence_forbids_commercial_use_is_refused(licence: str) -> None:
    with pytest.raises(CatalogueError, match=r"n: its licence .* lets no buyer use it"):
        read_catalogue(ENTRY.replace("MIT", licence))


@pytest.mark.parametrize("value", ["false", '"yes"', "1"])
def test_a_network_that_is_not_said_to_be_usable_is_refused(value: str) -> None:
    with pytest.raises(CatalogueError, match="lets no buyer use it"):
        read_catalogue(ENTRY.replace("commercial_use = true", f"commercial_use = {value}"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("https://", "http://", "http://example.org/n.onnx is not https"),
        (f'1\nsha256 = "{HASH}"', f'1\nsha256 = "{"cd" * 32}"', "hash is not the network's"),
        (f'1\nsha256 = "{HASH}"', '1\nsha256 = "ab"', "'ab' is no SHA-256"),
        ("size_bytes = 1", 'size_bytes = 1\nsha384 = "ab"', "'ab' is no SHA-384"),
        ('role = "r"\n', "", "missing 1 required keyword-only argument: 'role'"),
        ('role = "r"\n', 'role = "r"\nrule = "r"\n', "unexpected keyword argument 'rule'"),
        ("pipelines = []\n", "", "'pipelines'"),
        ('file = "n.onnx"', 'file = "n.onnx"\nsource = "n.dat"', "either source or files"),
        ('name = "n.onnx"', 'name = "n.bin"', "neither one ONNX file nor xml and bin"),
    ],
)
def test_a_wrong_entry_is_refused_by_name(old: str, new: str, message: str) -> None:
    assert old in ENTRY

    with pytest.raises(CatalogueError, match=f"^n: .*{message}"):
        read_catalogue(ENTRY.replace(old, new))


def test_two_networks_of_one_name_are_refused() -> None:
    with pytest.raises(CatalogueError, match="two networks have the name 'n'"):
        read_catalogue(ENTRY * 2)


def test_every_network_may_be_used_in_a_product() -> None:
    assert all(network.commercial_use for network in catalogue())
    assert not any("68" in (network.source or "") for network in catalogue())


def test_a_remark_warns_of_the_provenance_of_mobilefacenet() -> None:
    (network,) = (n for n in catalogue() if n.name == "mobilefacenet")

    assert "MS-Celeb-1M" in (network.remark or "")
    assert network.pipelines == ()


def test_every_recogniser_states_its_measured_error_rates() -> None:
    rates = {
        n.name: (n.fnir_at_fpir_0001_n1000, n.fnir_at_fpir_0001_n1000_mean_of_three)
        for n in catalogue()
        if n.role == "face-recogniser"
    }

    assert rates == {
        "dlib-resnet": (0.643, 0.347),
        "face-reidentification-retail-0095": (0.169, 0.040),
        "mobilefacenet": (0.257, 0.087),
    }
