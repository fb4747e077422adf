from queue import Empty

import pytest
from django.conf import settings
from kombu import Connection
from redis import Redis

from upstream.celery import FolderTransport, app

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


@pytest.mark.skipif(settings.CELERY_BROKER_URL.startswith("redis"), reason="REDIS_URL is set")
def test_without_redis_wake_ups_are_files():
    assert isinstance(app.connection().transport, FolderTransport)


def test_a_message_that_is_still_being_written_does_not_end_the_worker(tmp_path):
    folder = {"data_folder_in": tmp_path, "data_folder_out": tmp_path, "control_folder": tmp_path / "control"}
    with Connection("filesystem://", transport=FolderTransport, transport_options=folder) as connection:
        waiting = connection.SimpleQueue("lane")
        (tmp_path / "1_begun.lane.msg").touch()
        with pytest.raises(Empty):
            waiting.get(block=False)
        waiting.put("whole")
        assert waiting.get(block=False).payload == "whole"
