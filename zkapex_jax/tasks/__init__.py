"""The demonstration's tasks on real data: handwritten digits, a provider's model, and a client's private domain."""

from zkapex_jax.tasks.catalog import TASKS, get_task
from zkapex_jax.tasks.network import base_model, personalise
from zkapex_jax.tasks.task import Task, TaskConfig
from zkapex_jax.tasks.training import Schedule, train

__all__ = ["TASKS", "Schedule", "Task", "TaskConfig", "base_model", "get_task", "personalise", "train"]
