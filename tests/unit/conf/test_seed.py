"""The file of the earlier system loads unchanged, and is enough."""

from hostha.conf import describe, load, warnings
from hostha.core.model import LevelSpec
from hostha.core.policy import RESPONSES_3
from hostha.settings import ApiSettings
from tests.unit.conf.conftest import SEED


def test_it_loads_unchanged() -> None:
    conf, settings = load(['--config-file', str(SEED)])
    assert settings.consul.servers == {
        'management': (('37.47.10.10', 8500), ('37.47.10.13', 8500), ('37.47.10.16', 8500)),
        'tenant': (('5.150.12.10', 8500), ('5.150.12.13', 8500), ('5.150.12.16', 8500)),
        'storage': (('6.150.12.10', 8500), ('6.150.12.13', 8500), ('6.150.12.19', 8500))}
    judgement, recovery = settings.judgement, settings.recovery
    assert judgement.networks == ('management', 'tenant', 'storage')
    assert (judgement.check_interval, judgement.check_retry, judgement.limits.max_evacuation) == (10, 3, 3)
    assert judgement.responses == RESPONSES_3
    assert (recovery.recovery_attempts, recovery.levels) == (3, (LevelSpec('operator'),))
    assert settings.database.connection == 'mysql+pymysql://hostha:secret@37.47.10.206:3306/hostha'
    assert conf.debug is True
    assert conf.use_stderr is False


def test_its_credentials_are_those_of_nova() -> None:
    nova = load(['--config-file', str(SEED)])[1].nova
    assert (nova.auth_url, nova.username, nova.password) == ('http://37.47.10.206:45357', 'cloudultra', 'secret')
    assert (nova.project_name, nova.user_domain_name, nova.project_domain_name) == ('service', 'default', 'default')
    assert nova.region_name == 'regionOne'


def test_an_api_that_cannot_authenticate_listens_on_loopback_and_says_so() -> None:
    conf, settings = load(['--config-file', str(SEED)])
    assert settings.api == ApiSettings('127.0.0.1', 12307)
    said = warnings(conf)
    assert len(said) == 2
    assert 'not authenticated' in said[0]
    assert 'levels = operator' in said[1]


def test_no_secret_is_described_or_shown() -> None:
    _, settings = load(['--config-file', str(SEED)])
    assert 'secret' not in f'{describe(settings)}{settings}'
