"""Free memory is what the kernel tells, within the limits of every control group above this process."""

from pathlib import Path

import pytest

from actviz_core.system.free_memory import available_memory

MEMINFO = "MemTotal:  2000 kB\nMemFree:  10 kB\nMemAvailable:  1000 kB\n"
GIBIBYTE = 2**30


def system(
    root: Path, cgroup: str = "", meminfo: str = MEMINFO, **groups: tuple[str, str, str]
) -> int | None:
    """A machine whose control groups have a limit, a use, and statistics."""
    files = {"proc/meminfo": meminfo, "proc/self/cgroup": cgroup}
    version_2 = cgroup.startswith("0::")
    names = (
        ("memory.max", "memory.current") if version_2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
    )
    mounted = "sys/fs/cgroup" if version_2 else "sys/fs/cgroup/memory"
    for group, contents in groups.items():
        folder = f"{mounted}/{group.replace('_', '/')}".removesuffix("/top")
        files.update(zip((f"{folder}/{name}" for name in (*names, "memory.stat")), contents, strict=True))
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return available_memory(root)


def test_a_machine_tells_what_it_could_give(tmp_path: Path) -> None:
    assert system(tmp_path) == 1000 * 1024


def test_a_container_has_no_more_than_its_limit_leaves(tmp_path: Path) -> None:
    assert (
        system(tmp_path, "0::/\n", top=("5000", "4000", "anon 3500\ninactive_file 300\nactive_file 100\n"))
        == 1400
    )


def test_a_group_without_limit_is_bounded_by_the_ones_above(tmp_path: Path) -> None:
    above = {"top_a": ("700", "100", "anon 1\n"), "top": ("900", "100", "")}
    assert system(tmp_path, "0::/top/a/b\n", MEMINFO, top_a_b=("max", "10", ""), **above) == 600


def test_older_control_groups_count_too(tmp_path: Path) -> None:
    lines = "5:cpu:/x\n4:memory:/docker/1\n"
    assert system(tmp_path, lines, docker_1=("5000", "4900", "inactive_file 0\n")) == 100


def test_more_use_than_the_limit_leaves_nothing(tmp_path: Path) -> None:
    assert system(tmp_path, "0::/\n", top=("100", "200", "")) == 0


@pytest.mark.parametrize("meminfo", ["", "MemAvailable:\n", "MemAvailable: lots\n"])
def test_where_nobody_tells_all_memory_counts(meminfo: str, tmp_path: Path) -> None:
    found = system(tmp_path, meminfo=meminfo)
    assert found is None or found > GIBIBYTE // 4


def test_this_machine_tells() -> None:
    found = available_memory()
    assert found is None or found > 0
