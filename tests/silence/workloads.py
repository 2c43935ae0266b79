# SPDX-License-Identifier: AGPL-3.0-only
"""What tests/silence/record runs: heavy ordinary work, what looks like a failure and is none, and the failures."""

import dataclasses


@dataclasses.dataclass
class Workload:
    run: str  # shell, in the scratch folder; ended after @seconds
    seconds: int
    prepare: str = ":"  # shell, in the scratch folder, not recorded


ORDINARY = {
    # This tree, from nothing, with more jobs than cores.
    "build": Workload(
        prepare="""
            rm -rf src build && mkdir src
            tar -C "$TOP" --exclude=./.git --exclude='./build*' -c . | tar -C src -x
            cmake -S src -B build -G 'Unix Makefiles' >/dev/null""",
        run="make -C build -j4",
        seconds=40),
    # A compiler, an interpreter and a version control system into a root of its own.
    "install": Workload(
        prepare="""
            [ -d clean ] || debootstrap --variant=minbase bookworm clean >/dev/null
            rm -rf root && cp -a clean root
            chroot root apt-get -qq update
            chroot root apt-get -qq -y --download-only install build-essential git python3 man-db >/dev/null""",
        run="DEBIAN_FRONTEND=noninteractive chroot root apt-get -y install build-essential git python3 man-db",
        seconds=60),
    # Python's own tests, four at a time, then this tree's: unit tests and golden files from a shell, one by one.
    "suite": Workload(
        run="""
            timeout -s KILL 20 python3 -m test -j4 test_subprocess test_os test_posix test_popen test_tempfile \\
                test_shutil test_glob test_zipfile test_json test_re test_threading test_logging
            end=$(($(date +%s) + 15))
            while [ $(date +%s) -lt $end ]; do
                for bad in "$TOP"/tests/golden/rules/bad/*.yaml; do
                    "$BUILD"/linnix-ruled --check-config --config none --rules "$bad" 2>&1 | sed 's/^[^:]*: //' >said
                    grep -cF -f "${bad%.yaml}.err" said
                done
                for program in "$BUILD"/tests/unit/*_test_[a-l]*; do
                    [ -f "$program" ] && timeout 3 "$program" 2>&1 | grep -c OK
                done
            done""",
        seconds=50),
    # Packed by all cores, by a program that tar starts itself, and by one core.
    "backup": Workload(
        run="""
            timeout 12 sh -c 'tar -C / -c usr/lib usr/share | xz -T0 -3 >packed'
            timeout 10 tar -C / -I 'zstd -T0 -12' -cf packed usr/lib usr/share
            timeout 8 tar -C / -czf packed usr/lib usr/share
            rm packed""",
        seconds=40),
    # Four clients, then a process for each transaction, then one program that sorts and joins.
    "database": Workload(
        prepare="""
            rm -rf db && install -d -o postgres db
            pg=$(echo /usr/lib/postgresql/*/bin)
            setpriv --reuid=postgres --regid=postgres --clear-groups "$pg"/initdb -D db/data >/dev/null""",
        run="""
            pg=$(echo /usr/lib/postgresql/*/bin)
            as() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }
            as "$pg"/pg_ctl -w -D db/data -o "-k $PWD/db -h ''" start >/dev/null
            as pgbench -h "$PWD/db" -i -q -s 10 postgres
            as pgbench -h "$PWD/db" -c 4 -j 2 -T 10 postgres
            as pgbench -h "$PWD/db" -c 4 -C -S -T 8 postgres
            as "$pg"/pg_ctl -w -D db/data -m immediate stop >/dev/null
            timeout 10 sqlite3 :memory: "create table t as
                with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000000)
                select i, random() as r from n; create index by_r on t(r); select count(distinct r % 9973) from t;
                select count(*) from t a join t b on a.i = b.r % 3000000;\"""",
        seconds=55),
}
# Each looks like a failure to who counts the wrong thing; side by side.
LOOKALIKES = {
    "lookalikes": Workload(
        run="""
            head -c 400000000 /dev/zero >large
            python3 "$TOP"/tests/silence/lookalikes.py large &
            for which in start_up threads pool burst; do
                python3 "$TOP"/tests/silence/lookalikes.py $which &
            done
            wait
            rm large""",
        seconds=30),
}

FAILURES = {
    # Who starts programs, and does nothing else, as fast as it can: a storm of forks and a flood of jobs.
    "storm": Workload(run="exec python3 \"$TOP\"/tests/silence/failures.py storm", seconds=30),
    # A loop in a shell that nobody has stopped.
    "loop": Workload(run="while :; do /bin/sleep 0.003; done", seconds=8),
    "leak": Workload(run="exec python3 \"$TOP\"/tests/silence/failures.py leak", seconds=60),
    "spike": Workload(run="exec python3 \"$TOP\"/tests/silence/failures.py spike", seconds=14),
    "runaway": Workload(run="exec python3 \"$TOP\"/tests/silence/failures.py runaway", seconds=14),
    "files": Workload(run="exec python3 \"$TOP\"/tests/silence/failures.py files", seconds=16),
}

ALL = {**ORDINARY, **LOOKALIKES, **FAILURES}
