"""Writes an eval log as Inspect itself writes it, for the tests of `assay import`: letters and numbers as values, two
scorers, two epochs, choices, a sample that failed. Usage, with inspect_ai installed: python make_logs.py

The model is Inspect's own mock. Keys that hold the machine's paths or long transcripts (events, messages) are removed."""
import json
import pathlib
import tempfile

import inspect_ai
from inspect_ai import Task, eval as run, task
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import Score, accuracy, choice, match, mean, scorer, stderr
from inspect_ai.solver import generate, multiple_choice

HERE = pathlib.Path(__file__).parent


@scorer(metrics=[mean(), stderr()])
def length():
    async def score(state, target):
        return Score(value=float(len(state.output.completion)), answer=state.output.completion)
    return score


@task
def sums():
    return Task(dataset=[Sample(id=f"s{i}", input=f"What is {i} + {i}?", target=str(2 * i), metadata={"i": i})
                         for i in range(4)],
                solver=generate(), scorer=[match(), length()], version=3)


@task
def letters():
    return Task(dataset=[Sample(input=f"Which one is {i}?", choices=["zero", "one", "two"], target="ABC"[i]) for i in range(3)],
                solver=multiple_choice(), scorer=choice())


def main():
    folder = tempfile.mkdtemp()
    answers = ["0", "5", "The answer is 4", "6", "0", "2", "4", "no"]
    letter_answers = ["ANSWER: A", "ANSWER: C", "no idea"]
    for name, made, texts, epochs in [("sums", sums(), answers, 2), ("letters", letters(), letter_answers, 1)]:
        outputs = [ModelOutput.from_content("mockllm/model", t) for t in texts]
        for output in outputs:  # else the tokens are counted with a tokenizer from the network
            output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        model = get_model("mockllm/model", custom_outputs=outputs)
        log = run(made, model=model, epochs=epochs, log_dir=folder, log_format="json", display="none",
                  max_connections=1, max_samples=1)[0]
        content = json.loads(pathlib.Path(log.location).read_text())
        for key in ("task_file", "revision", "sandbox", "model_args"):
            content["eval"].pop(key, None)
        for sample in content["samples"]:
            for key in ("events", "messages", "timelines", "events_data"):
                sample.pop(key, None)
        (HERE / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")
    print(inspect_ai.__version__)


main()
