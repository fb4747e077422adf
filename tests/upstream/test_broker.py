import pytest
from django.conf import settings
from redis import Redis

from upstream.celery import app

LANES = [queue.name for queue in settings.CELERY_TASK_QUEUES]


@pytest.mark.redis
@pytest.mark.skipif(not settings.CELERY_BROKER_URL.startswith("redis"), reason="REDIS_URL is not set")
@pytest.mark.parametrize("lane", LANES)
def test_a_wake_up_waits_in_the_queue_of_its_own_lane(lane):
    # Celery's queues are lists of the same name in Redis.
    redis = Redis.from_url(settings.CELERY_BROKER_URL)
    redis.delete(*LANES)
    app.send_task("upstream.correspondence.tasks.sweep_email", queue=lane)
    waiting = {name: redis.llen(name) for name in LANES}
    redis.delete(*LANES)
    redis.close()
    assert waiting == {name: int(name == lane) for name in LANES}
