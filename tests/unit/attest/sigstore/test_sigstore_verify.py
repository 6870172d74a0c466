"""The steps together: what is proven of good signatures of every kind, what is said to be skipped, what demands do."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from tests.support.sigstore.accounts import GITHUB, GOOGLE, MICROSOFT, Account, github, google, microsoft
from tests.support.sigstore.log import Generation
from tests.support.sigstore.signing import Signed, sign_blob, sign_envelope
from tests.support.sigstore.switches import Switch
from tests.support.single_faults import (
    ALICE,
    ARTIFACT,
    MOMENT,
    SIGNATURE,
    Case,
    drop,
    entry,
    expectation,
    fault,
    flip,
    instance,
    managed_key,
    outcome,
    public,
    statement,
    trusted_root,
    verify_case,
)

from assaymark.attest.bundle import parse_bundle
from assaymark.attest.keys.algorithms import Scheme
from assaymark.attest.keys.public import PublicKey
from assaymark.attest.sigstore.artifact import blob_of_data, blob_of_digest
from assaymark.attest.sigstore.expectation import Demand
from assaymark.attest.sigstore.identity import Exact, Identity, UnsafeAnyIdentity
from assaymark.attest.sigstore.material import material_of_bundle
from assaymark.attest.sigstore.proof import Certified, CheckName, Proof
from assaymark.attest.sigstore.trusted_root import TrustedRoot
from assaymark.attest.sigstore.verify import verify_material
from assaymark.attest.subject import ImageDigests
from assaymark.errors import UsageError

SOURCES = Path(__file__).parents[4] / "src"
DIGEST = dict(blob_of_data(ARTIFACT).digests)["sha256"]
KINDS = {
    Generation.V1: ["dsse 0.0.1", "intoto 0.0.1", "intoto 0.0.2"],
    Generation.V2: ["hashedrekord 0.0.2", "dsse 0.0.2"],
}


def prove(made: Signed, base: str = "v1", trust: TrustedRoot | None = None, **changes: Any) -> Proof:
    material = material_of_bundle(parse_bundle(made.data))
    return verify_material(material, expectation(base, **changes), trust or trusted_root())


def skipped(proof: Proof) -> set[CheckName]:
    return {check.name for check in proof.skipped}


class TestGood:
    @pytest.mark.parametrize("base", ["v1", "v1+tsa", "v2+tsa", "none+tsa", "0.1", "0.2", "blob", "blob-v2+tsa"])
    def test_identities_are_proven_everywhere(self, base: str) -> None:
        proof = verify_case(Case("", base=base))
        assert isinstance(proof.signer, Certified)
        assert (proof.signer.certificate.identity, proof.signer.certificate.issuer) == ("alice@gmail.test", GOOGLE)
        assert (proof.signer.identity, proof.signer.assumed_time) == (ALICE, None)
        assert set(proof.times) == {MOMENT}

    @pytest.mark.parametrize("base", ["key", "key-v2", "key+tsa", "key-v2+tsa", "key-none", "key-none+tsa"])
    def test_keys_are_proven_everywhere(self, base: str) -> None:
        proof = verify_case(Case("", base=base))
        assert proof.signer == public(managed_key())
        assert len(proof.entries) == ("none" not in base)
        assert len(proof.timestamps) == ("tsa" in base)

    @pytest.mark.parametrize(("log", "kind"), [(log, kind) for log, kinds in KINDS.items() for kind in kinds])
    def test_entries_of_every_kind_are_proven(self, log: Generation, kind: str) -> None:
        made = sign_envelope(instance(), statement(), log=log, kind=kind, timestamp=log is Generation.V2)
        (logged,) = prove(made).entries
        assert f"{logged.kind} {logged.kind_version}" == kind

    @pytest.mark.parametrize(
        ("key", "scheme"),
        [
            (ec.generate_private_key(ec.SECP384R1()), Scheme.ECDSA_SHA384),
            (ec.generate_private_key(ec.SECP521R1()), Scheme.ECDSA_SHA512),
            (rsa.generate_private_key(65537, 2048), Scheme.RSA_PKCS1_SHA256),
        ],
        ids=["P-384", "P-521", "RSA"],
    )
    @pytest.mark.parametrize("log", [Generation.V1, Generation.V2])
    def test_certificates_for_every_kind_of_key_are_proven(self, key: Any, scheme: Scheme, log: Generation) -> None:
        for made in (
            sign_envelope(instance(), statement(), key=key, log=log, timestamp=True),
            sign_blob(instance(), ARTIFACT, key=key, log=log, timestamp=True),
        ):
            assert prove(made, "v1" if made.envelope else "blob").scheme is scheme

    def test_what_is_proven_is_told(self) -> None:
        proof = verify_case(Case("", base="v1+tsa"))
        (logged,), (stamp,) = proof.entries, proof.timestamps
        assert (logged.integrated, logged.included, logged.log.base_url) == (MOMENT, True, "http://sigstore.test")
        assert (stamp.moment, stamp.authority.uri) == (MOMENT, "http://sigstore.test/api/v1/timestamp")
        assert proof.statement is not None
        assert proof.statement.predicate == b'{"result": "good"}'
        assert proof.envelope is not None
        assert proof.envelope.payload == statement()
        assert [check.name for check in proof.checks] == [
            CheckName.SIGNATURE, CheckName.LOG, CheckName.TIMESTAMP, CheckName.CERTIFICATE, CheckName.SCT,
            CheckName.IDENTITY, CheckName.TYPE, CheckName.SUBJECT, CheckName.PREDICATE,
        ]  # fmt: skip
        assert proof.skipped == ()

    @pytest.mark.parametrize(
        ("account", "issuer"),
        [(google(), GOOGLE), (github(), GITHUB), (microsoft(), MICROSOFT)],
        ids=["Google", "GitHub", "Microsoft"],
    )
    def test_each_connector_is_its_own_issuer(self, account: Account, issuer: str) -> None:
        made = sign_envelope(instance(), statement(), account=account)
        name = Exact(account.claims["email"])
        identities = {each: (Identity(name=name, issuer=Exact(each)),) for each in (GOOGLE, GITHUB, MICROSOFT)}
        outcomes = {
            each: outcome(Case("", made=lambda: made, expected={"identities": listed}))
            for each, listed in identities.items()
        }
        assert outcomes == {each: "" if each == issuer else "WRONG_ISSUER" for each in identities}

    def test_a_digest_alone_is_enough(self) -> None:
        blob = blob_of_digest(f"sha256:{DIGEST.upper()}")
        assert verify_case(Case("", base="blob", expected={"artifact": blob})).statement is None
        assert verify_case(Case("", expected={"artifact": blob})).statement is not None

    def test_an_image_is_an_artifact_too(self) -> None:
        image = ImageDigests(digests=(("sha256", DIGEST),))
        assert skipped(verify_case(Case("", expected={"artifact": image}))) == {CheckName.TIMESTAMP}
        assert outcome(Case("", base="blob", expected={"artifact": image})) == ""

    def test_an_answer_of_rekor_v2_need_not_repeat_what_its_checkpoint_says(self) -> None:
        def bare(document: dict[str, Any]) -> None:
            for name in ("rootHash", "treeSize"):
                del entry(document)["inclusionProof"][name]

        assert outcome(Case("", base="v2+tsa", edit=bare)) == ""

    @pytest.mark.parametrize("base", ["key", "v1"])
    def test_one_of_several_signers_is_enough(self, base: str) -> None:
        keys = (public(ec.generate_private_key(ec.SECP256R1())), public(managed_key()))
        bob = Identity(name=Exact("bob"), issuer=Exact(GOOGLE))
        proof = verify_case(Case("", base=base, expected={"keys": keys, "identities": (bob, ALICE)}))
        assert isinstance(proof.signer, PublicKey) is (base == "key")

    def test_another_instances_root_beside_ours_changes_nothing(self) -> None:
        trust = trusted_root()
        doubled = TrustedRoot(
            logs=trust.logs * 2,
            ct_logs=trust.ct_logs * 2,
            certificate_authorities=trust.certificate_authorities * 2,
            timestamp_authorities=trust.timestamp_authorities * 2,
        )
        assert prove(sign_envelope(instance(), statement(), timestamp=True), trust=doubled).skipped == ()


class TestSkipped:
    def test_what_was_not_looked_at_is_said(self) -> None:
        every = {"log": Demand.IGNORED, "timestamp": Demand.IGNORED, "sct": Demand.IGNORED, "artifact": None}
        parts = {"predicate_type": None, "identities": UnsafeAnyIdentity(), "assumed_time": MOMENT}
        proof = verify_case(Case("", base="v1+tsa", expected=every | parts))
        assert skipped(proof) == set(CheckName) - {CheckName.SIGNATURE, CheckName.CERTIFICATE}
        assert isinstance(proof.signer, Certified)
        assert (proof.signer.assumed_time, proof.times, proof.signer.ct_logs) == (MOMENT, (), ())

    def test_a_signature_by_a_key_alone_says_what_is_missing(self) -> None:
        proof = verify_case(Case("", base="key-none"))
        assert skipped(proof) == {CheckName.LOG, CheckName.TIMESTAMP}
        assert [check.reason and check.reason.value for check in proof.skipped] == ["NO_LOG_ENTRY", "NO_TIMESTAMP"]

    @pytest.mark.parametrize("switch", [Switch.OTHER_LOG, Switch.TSA_UNTRUSTED_LEAF])
    def test_services_that_nobody_knows_are_passed_over_and_named(self, switch: Switch) -> None:
        proof = verify_case(Case("", base="key+tsa", switches=frozenset({switch})))
        assert len(proof.skipped) == 1
        assert proof.skipped[0].reason is not None
        assert proof.skipped[0].reason.value in {"UNKNOWN_LOG", "UNKNOWN_TIMESTAMP_AUTHORITY"}

    def test_nothing_is_known_without_a_trusted_root(self) -> None:
        made = sign_envelope(instance(), statement(), managed=True, key=managed_key(), timestamp=True)
        assert skipped(prove(made, "key", TrustedRoot())) == {CheckName.LOG, CheckName.TIMESTAMP}

    def test_an_unknown_entry_beside_a_known_one_is_said(self) -> None:
        made = sign_envelope(instance(), statement())
        other = sign_envelope(instance(), statement(), key=made.key, switches={Switch.OTHER_LOG})
        made.bundle["verificationMaterial"]["tlogEntries"] += other.bundle["verificationMaterial"]["tlogEntries"]
        (check,) = [check for check in prove(made).checks if check.name is CheckName.LOG]
        assert check.passed
        assert "not trusted and passed over" in check.detail


# a demand that is lowered removes its own check and no other
FAULTS = {
    "log": fault("BAD_PROOF", Switch.BAD_PROOF, base="v1+tsa"),
    "timestamp": fault("TIMESTAMP_MISMATCH", Switch.TSA_WRONG_HASH, base="v1+tsa"),
    "sct": fault("BAD_SCT", Switch.WRONG_SCT, base="v1+tsa"),
    "the signature": fault("BAD_SIGNATURE", base="v1+tsa", edit=flip(*SIGNATURE)),
    "the authority": fault("UNTRUSTED_CERTIFICATE", Switch.WRONG_CA, base="v1+tsa"),
    "the time": fault("TIME_OUTSIDE_CERTIFICATE", Switch.EXPIRED_LEAF, base="v1+tsa"),
    "the identity": fault("WRONG_IDENTITY", Switch.OTHER_SAN, base="v1+tsa"),
}


@pytest.mark.parametrize("ignored", ["log", "timestamp", "sct"])
@pytest.mark.parametrize("name", FAULTS)
def test_a_demand_that_is_lowered_removes_one_check(name: str, ignored: str) -> None:
    case = FAULTS[name]
    lowered = Case("", base=case.base, switches=case.switches, edit=case.edit, expected={ignored: Demand.IGNORED})
    assert outcome(lowered) == ("" if name == ignored else case.reason)


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (Case("", expected={"log": Demand.IGNORED}), "NO_TRUSTED_TIME"),
        (Case("", expected={"log": Demand.IGNORED, "assumed_time": MOMENT}), ""),
        (Case("", expected={"log": Demand.IGNORED, "assumed_time": MOMENT + timedelta(hours=1)}), "TIME_OUTSIDE_CERTIFICATE"),
        (Case("", expected={"assumed_time": MOMENT + timedelta(hours=1)}), ""),
        (Case("", base="none+tsa"), ""),
        (Case("", base="none+tsa", expected={"log": Demand.REQUIRED}), "NO_LOG_ENTRY"),
        (Case("", base="v2+tsa", expected={"timestamp": Demand.IGNORED}), "NO_TRUSTED_TIME"),
        (Case("", base="key", expected={"log": Demand.REQUIRED}), ""),
        (Case("", base="key", edit=drop("verificationMaterial", "tlogEntries")), ""),
    ],
    ids=[
        "an ignored log gives no time", "the caller's word does", "and is checked", "but only where it is needed",
        "a stamp alone is enough where no log is demanded", "and not where one is", "an ignored stamp gives no time",
        "a log may be demanded of a key", "and is not by default",
    ],
)  # fmt: skip
def test_times_come_from_what_is_looked_at(case: Case, reason: str) -> None:
    assert outcome(case) == reason


def test_a_signature_over_an_artifact_needs_the_artifact() -> None:
    with pytest.raises(UsageError):
        verify_case(Case("", base="blob", expected={"artifact": None}))


class TestProof:
    def test_only_verification_makes_one(self) -> None:
        proof = verify_case(Case(""))
        with pytest.raises(TypeError):
            Proof(object(), proof)  # type: ignore[arg-type] # anything at all

    def test_it_does_not_change(self) -> None:
        proof = verify_case(Case(""))
        with pytest.raises(AttributeError):
            proof.signer = public(managed_key())  # type: ignore[misc] # that is the point
        with pytest.raises(AttributeError):
            del proof.signer


def test_what_is_not_needed_is_not_loaded() -> None:
    script = f"import sys\nsys.path.insert(0, {str(SOURCES)!r})\nimport assaymark.attest.sigstore.verify\nprint(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    absent = {"cryptography", "nacl", "re2", "urllib3", "rich", "yaml", "tuf", "assaymark.scan", "assaymark.net.http"}
    assert absent & set(done.stdout.split()) == set()
