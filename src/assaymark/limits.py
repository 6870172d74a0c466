"""Every bound on untrusted input, in one value.

Each limit stands beside the public precedent that made it necessary. Enforcement lives in `assaymark.safeio`
and in the readers that take a `Limits`; nobody writes a number of its own.
"""

from __future__ import annotations

from typing import Final

import msgspec

KIB: Final = 1024
MIB: Final = 1024 * KIB
GIB: Final = 1024 * MIB


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds in bytes, counts, levels and seconds."""

    # registry replies (CVE-2023-25153: an endless manifest; distribution-spec asks for at least 4 MiB)
    manifest_bytes: int = 4 * MIB
    token_bytes: int = 1 * MIB
    error_body_bytes: int = 64 * KIB
    index_depth: int = 4
    index_entries: int = 1_000
    redirects: int = 10
    connections: int = 16  # to one host at a time, and so the images that are verified side by side
    referrers_listed: int = 1_000
    referrers_fetched: int = 100
    referrer_pages: int = 100
    attestation_bytes: int = 128 * MIB  # CVE-2024-29902
    config_bytes: int = 4 * MIB

    # layers (CVE-2024-29903: layer counts; gzip bombs)
    layers: int = 500
    history_entries: int = 10_000
    layer_uncompressed_bytes: int = 64 * GIB
    image_uncompressed_bytes: int = 64 * GIB
    archive_members: int = 20_000  # of an image archive on disk; they are indexed in memory
    archive_name_bytes: int = 16 * MIB
    layout_blobs: int = 50_000  # looked at for what refers to an image
    moved_manifests: int = 10_000  # of one image that is copied, with everything that is attached to it
    moved_manifest_bytes: int = 128 * MIB  # of all of them, in memory; a manifest has a few kilobytes
    git_object_bytes: int = 8 * MIB  # commits and tags, before their deltas are applied and after
    git_delta_depth: int = 300  # `git gc --aggressive` made chains of 250
    git_memory_bytes: int = 3 * GIB  # address space of `git`, which builds trees of trees (git bombs) in memory
    clone_bytes: int = 16 * GIB  # on disk, history and work tree; a large project's history has 5
    clone_files: int = 1_000_000  # of a cloned work tree; the Linux kernel has 90,000
    tar_entries: int = 2_000_000
    tar_pax_bytes: int = 1 * MIB
    tar_name_bytes: int = 16 * KIB
    zstd_window_bytes: int = 128 * MIB
    zstd_blocks: int = 4_000_000  # a block without content is 3 bytes
    gzip_members: int = 500_000  # one for each file in eStargz; an empty one is 20 bytes
    tar_sparse_segments: int = 100_000
    layer_path_bytes: int = 64 * MIB  # of kept files and whiteouts; of links and what they may lead to
    layer_link_steps: int = 3_000_000  # parts of paths looked at to follow the links of a layer
    layer_notes: int = 100  # ignored entries that are named one by one
    path_depth: int = 256  # directories in each other; a walk keeps one open for each level
    link_hops: int = 40

    # files inside an artifact
    memory_file_bytes: int = 8 * MIB  # larger wanted files go to a private temporary file
    parsed_file_bytes: int = 256 * MIB
    wanted_file_bytes: int = 1 * GIB  # a larger file is not kept for any analyser
    spilled_bytes: int = 8 * GIB  # on disk, for one layer
    json_bytes: int = 64 * MIB
    json_depth: int = 512
    json_repaired_bytes: int = 8 * MIB  # of a document with invalid UTF-8 or half a surrogate pair
    json_values: int = 3_000_000  # an empty list is 2 bytes in the file and 64 in memory
    json_containers: int = 1_000_000
    report_bytes: int = 512 * MIB  # a stored report; 20,000 findings with their descriptions have 80
    report_values: int = 24_000_000  # commas in its texts count too
    yaml_nodes: int = 1_000_000  # with aliases expanded (billion laughs)
    toml_bytes: int = 32 * MIB  # 5,000 packages in a lockfile of uv, with 6 KiB each
    toml_lines: int = 1_000_000  # a comment of one character costs half a microsecond
    toml_depth: int = 64
    toml_tables: int = 150_000  # the same lockfile has 140,000; an empty one is 5 bytes there and 900 in memory
    toml_values: int = 800_000  # the same lockfile has 700,000
    toml_key_parts: int = 16  # of one dotted key; the reader's work grows with their square
    toml_dots: int = 100_000  # of all dotted keys together
    xml_bytes: int = 16 * MIB  # the longest real pom.xml has half a megabyte
    xml_depth: int = 256
    xml_nodes: int = 200_000  # elements and attributes; half a megabyte of pom.xml holds some 20,000
    zip_members: int = 500_000  # of one archive; the largest published jars have 100,000
    zip_directory_bytes: int = 64 * MIB
    zip_member_bytes: int = 256 * MIB  # of one member that is read
    zip_total_bytes: int = 4 * GIB  # inflated from one file and all archives in it (CVE-2024-0450)
    zip_ratio: int = 200  # of a member that is read; deflate reaches 1,032
    zip_depth: int = 10  # archives in archives
    pom_files: int = 10_000  # read to resolve one pom.xml; a large platform has 3,000
    pom_entries: int = 20_000  # dependencies in one POM, managed ones included; the largest platforms list 5,000
    pom_depth: int = 64  # parents of parents, imports of imports, and variables in each other
    pom_replacements: int = 1_000_000  # of variables, for one pom.xml and all that it leads to
    pom_dependencies: int = 500_000  # looked at for one pom.xml, repetitions included
    jar_manifest_bytes: int = 10 * MIB  # one that lists checksums of all classes has a few
    line_bytes: int = 1 * MIB
    field_bytes: int = 1 * MIB
    header_bytes: int = 1 * MIB
    packages_per_file: int = 100_000  # of 1 KiB each in memory; whole distributions have 60,000
    dependency_edges: int = 1_000_000  # names of dependencies in one lockfile; whole distributions have 300,000
    installed_files: int = 500_000  # paths kept of one package database; a full desktop has 300,000
    installed_file_bytes: int = 64 * MIB  # one folder of a megabyte stands in front of each of its files
    paragraph_fields: int = 10_000  # a field may come again and again; metadata of Python has hundreds
    database_field_bytes: int = 64 * MIB  # kept of one package database; 60,000 packages of Debian have 7 MiB
    database_list_bytes: int = 32 * MIB  # with 64 for each word; those have 16 MiB
    rpm_header_bytes: int = 32 * MIB  # of one package; rpm allows 256 MiB, 100,000 files take 15
    rpm_log_bytes: int = 16 * MIB  # SQLite's log beside rpm's database, which SQLite folds in at 4 MiB
    rpm_troubles: int = 1_000  # entries of a database that cannot be read, before the rest is given up
    range_comparisons: int = 100_000  # of versions with ranges in one lockfile; 2,000 packages need 20,000
    licenses_per_file: int = 10_000
    purl_chars: int = 4_096  # escapes make three characters of one
    sbom_entries: int = 300_000  # of one SPDX tag-value document; 60,000 packages have four each
    sbom_licenses: int = 500_000  # cut out of the texts of one SBOM
    sbom_text_bytes: int = 16 * MIB  # names, versions and references of one SBOM; 60,000 components have 10 MiB
    sbom_xml_bytes: int = 32 * MIB  # 20,000 components have 8 MiB
    sbom_xml_nodes: int = 300_000  # elements and attributes; 20,000 components have them, at 400 bytes in memory each
    sbom_statements: int = 1_000  # attestations in one file, one a line; an image has a few
    workspace_members: int = 1_000  # patterns of folders in one manifest
    workspace_files: int = 20_000  # manifests that all these patterns are compared with
    module_file_bytes: int = 4 * MIB  # go.mod; those of monorepos have 100 KiB
    module_sums_bytes: int = 16 * MIB  # go.sum; those of monorepos have 1 MiB
    executable_table_bytes: int = 16 * MIB  # of sections and segments, of which programs have a hundred
    executable_symbol_bytes: int = 48 * MIB  # symbols, and their names; the largest programs in Go have 20 MiB of names
    executable_search_bytes: int = 256 * MIB  # looked through for what compilers embed
    build_info_bytes: int = 8 * MIB  # modules of a program in Go; a thousand of them have 100 KiB
    audit_bytes: int = 8 * MIB  # of cargo-auditable, unpacked; its own readers stop there
    wanted_files: int = 200_000  # files kept for analysis from one layer
    unread_files: int = 5_000  # of one layer, kept by path; more are counted
    wanted_bytes: int = 32 * MIB  # bytes of them held in memory before they spill to disk; layers are read in parallel
    findings: int = 250_000  # a hundred thousand packages of one source with all its advisories; images have 20,000
    version_chars: int = 1_024  # CVE-2022-40898, CVE-2024-3651: slow version strings
    constraint_chars: int = 64 * KIB  # one advisory's ranges, joined; they are read in linear time

    # VEX: what publishers say of findings
    vex_bytes: int = 32 * MIB  # of one document; Red Hat's largest have 10
    vex_statements: int = 100_000  # of one document; all of a distribution's fit
    vex_products: int = 2_000_000  # named by the statements of one document, relationships resolved
    vex_questions: int = 5_000_000  # to all documents, about one report
    vex_listed: int = 1_000  # statements of one document that the report lists
    vex_index_entries: int = 500_000  # packages that one repository has documents for
    vex_archive_bytes: int = 512 * MIB  # of one repository, packed
    vex_unpacked_bytes: int = 2 * GIB

    # policies that the user wrote, in Rego, evaluated by `opa`: 10,000 findings take it a second and 40 MiB of input
    policy_seconds: float = 120.0
    policy_answer_bytes: int = 16 * MIB
    policy_batch_bytes: int = 64 * MIB  # of input for one process
    policy_rules: int = 10_000  # of the file that needs no `opa`

    # the vulnerability database: about 1 GiB unpacked in 2026
    database_bytes: int = 8 * GIB
    database_layer_bytes: int = 4 * GIB

    # the cache of layer inventories
    cache_entry_bytes: int = 64 * MIB
    cache_bytes: int = 2 * GIB
    detection_bytes: int = 512 * MIB  # of one scan, unpacked; an image with 10,000 findings has 60 MiB
    run_cache_bytes: int = 256 * MIB  # kept in memory for the other platforms of an index; large images have 10
    cache_age_seconds: int = 90 * 24 * 3600
    cache_sweep_seconds: int = 24 * 3600

    # statements and bundles
    subjects: int = 1_024
    digests_per_subject: int = 32
    log_entries: int = 32
    timestamps: int = 32
    trusted_entries: int = 256  # logs and authorities of each kind in a trusted root
    chain_certificates: int = 16
    certificate_scts: int = 16
    checkpoint_bytes: int = 64 * KIB
    checkpoint_signatures: int = 128  # a log's own and those of its witnesses
    legacy_layers: int = 1_000
    key_bytes: int = 64 * KIB  # cosign reads a key from a URL without end
    configuration_bytes: int = 1_048_576  # a file that a person writes

    kubeconfig_bytes: int = 4 * MIB  # and files that it names; one with a hundred clusters has a quarter of that

    # signing services: what they may answer, and what a log of the first generation takes in one request
    service_reply_bytes: int = 1 * MIB
    log_reply_bytes: int = 8 * MIB
    log_upload_bytes: int = 4 * MIB
    pending_bytes: int = 192 * MIB  # an attestation in base64, with its log entries
    callback_bytes: int = 16 * KIB  # the head of a request to our own listener
    callback_connections: int = 32

    # trust data (TUF): the public-good instance's largest role has 10 KiB, its timestamps are renewed within a week
    trust_metadata_bytes: int = 1 * MIB
    trust_target_bytes: int = 4 * MIB
    trust_file_bytes: int = 64 * MIB
    trust_root_rotations: int = 64  # a request each; the public-good instance has had one every few months
    trust_refresh_seconds: int = 24 * 3600
    trust_retry_seconds: int = 600  # a mirror that did not answer is left alone while there is something to use
    trust_old_seconds: int = 7 * 24 * 3600
    trust_grace_seconds: int = 30 * 24 * 3600  # TUF, 5.1: whoever cuts the network must not freeze trust for ever

    # users' own templates of reports, which may be wrong, on findings that may be hostile
    template_bytes: int = 1 * MIB  # of the file; the reference's largest has 7 KiB
    template_depth: int = 64  # blocks and parentheses in each other; templates that call each other
    template_steps: int = 100_000_000  # a finding takes a hundred; some minutes
    template_value_length: int = 64 * MIB  # characters or elements of one value
    template_output_bytes: int = 4 * GIB

    # time, in seconds
    login_seconds: float = 300.0  # for a person to sign in through the browser or with a code
    token_program_seconds: float = 30.0
    login_program_seconds: float = 180.0  # somebody signs in with a browser meanwhile
    login_program_bytes: int = 1 * MIB  # a token, or a certificate with its chain
    signing_program_seconds: float = 120.0  # a token that wants to be touched
    workload_seconds: float = 10.0  # services on this machine: metadata servers, the SPIFFE agent
    connect_seconds: float = 10.0
    first_byte_seconds: float = 30.0
    clone_seconds: float = 1_800.0
    engine_export_seconds: float = 900.0  # Podman writes the whole archive to its disk before it answers
    stall_seconds: float = 30.0
    stall_bytes_per_second: int = 1 * KIB
    retry_budget_seconds: float = 120.0
    retry_tries: int = 5
    retry_after_seconds: float = 60.0


DEFAULT_LIMITS: Final = Limits()
