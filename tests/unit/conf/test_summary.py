"""What the configuration comes to, in words."""

from hostha.conf import describe
from tests.unit.conf.conftest import Load

TWO = "[['10.0.0.1', '10.1.0.1']]"


def test_it_tells_everything_that_would_be_done(loaded: Load) -> None:
    _, settings = loaded(
        compute_ha__consul_servers=TWO, compute_ha__consul_ports='[8500, 8501]', fencing__levels='consul, ipmi',
        fencing__agent_options='ip={host}-bmc', engine__name='one', compute_ha__multiple_recovery='false',
        nova__auth_url='https://user:hidden@keystone:5000/v3')
    assert describe(settings) == [
        'network management: Consul at 10.0.0.1 port 8500',
        'network tenant: Consul at 10.1.0.1 port 8501',
        'a loss counts when 3 checks in a row, 10 s apart, have found it: 20 s at least after Consul has reported it',
        'management up tenant up: nothing',
        'management up tenant down: no new servers on it',
        'management down tenant up: tell the operator',
        'management down tenant down: make sure that it is off, then evacuate its servers',
        'if more than 3 hosts are lost at once, none of them is fenced',
        'fencing levels of a host that has none of its own: consul, then ipmi (ip={host}-bmc); '
        '60 s each, the power is looked at every 3 s',
        'tries of fencing, and of evacuation, before an operator is needed: 1',
        'evacuation: 10 servers of a host at the same time, 3 tries each, 10 s apart and growing',
        'Nova: as cloudultra in service, Keystone at https://keystone:5000/v3, region regionOne',
        'database: mysql+pymysql://hostha:***@37.47.10.206:3306/hostha',
        'engine one: 16 workers, a lease of 15 s',
        'API: 127.0.0.1 port 12307']
