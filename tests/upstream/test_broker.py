import pytest
from django.conf import settings
from kombu import Connection

from upstream.celery import app

needs_redis = pytest.mark.skipif(not settings.CELERY_BROKER_URL.startswith("redis"), reason="REDIS_URL is not set")


@pytest.mark.redis
@needs_redis
@pytest.mark.parametrize("lane", ["codes", "reminders", "letters", "sweeps"])
def test_a_wake_up_for_one_lane_waits_in_the_queue_of_that_lane_alone(lane):
    with Connection(settings.CELERY_BROKER_URL, transport_options=settings.CELERY_BROKER_TRANSPORT_OPTIONS) as broker:
        queues = {name: broker.SimpleQueue(name) for name in ("codes", "reminders", "letters", "sweeps")}
        for queue in queues.values():
            queue.clear()
        app.send_task("upstream.correspondence.tasks.sweep_email", queue=lane)
        assert {name: queue.qsize() for name, queue in queues.items()} == {name: int(name == lane) for name in queues}
        for queue in queues.values():
            queue.clear()
            queue.close()
