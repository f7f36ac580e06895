from config.demo.photographs import find_photographs


def test_the_photographs_lie_in_installed_packages() -> None:
    photographs = find_photographs()

    assert set(photographs) == {"astronaut", "admiral"}
    assert all(photograph.path.is_file() for photograph in photographs.values())
