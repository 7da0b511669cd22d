"""Runs a crm_simulate, given as its path or as a command such as "build/rm/gyre-crm crm_simulate".
"""
import concurrent.futures
import pathlib
import shlex
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import plan  # noqa: E402

SECONDS_MAX = 20


def command_of(program):
    """The command line that a --program names; a lone gyre-crm is asked for its crm_simulate."""
    words = shlex.split(program)
    if len(words) == 1 and pathlib.Path(words[0]).name == "gyre-crm":
        words.append("crm_simulate")
    return words


def simulate(program, input_path, arguments=()):
    """The program's answer to one input: text of -S, graph of -G."""
    with tempfile.NamedTemporaryFile(suffix=".graph") as graph:
        command = command_of(program) + ["-x", str(input_path), "-S", "-G", graph.name, *arguments]
        try:
            ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                                 timeout=SECONDS_MAX, check=False)
        except subprocess.TimeoutExpired:
            return plan.Answer("", None, f"no answer within {SECONDS_MAX} s")
        except OSError as error:
            return plan.Answer("", None, str(error))
        text = ran.stdout.decode(errors="replace")
        if ran.returncode:
            words = ran.stderr.decode(errors="replace").strip().splitlines() or [""]
            return plan.Answer(text, None, f"exit status {ran.returncode}: {words[0][:200]}")
        graph.seek(0)
        try:
            graph_text = graph.read().decode(errors="replace")
            answer = plan.Answer(text, plan.read_graph(graph_text))
            answer.graph_text = graph_text
            answer.complaints = ran.stderr.decode(errors="replace").strip()
            return answer
        except ElementTree.ParseError as error:
            return plan.Answer(text, None, f"no graph ({error})")


def simulate_text(program, text, arguments=()):
    """The same, of a document that stands in no file yet."""
    with tempfile.NamedTemporaryFile("w", suffix=".xml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        return simulate(program, file.name, arguments)


def in_parallel(function, tasks, jobs):
    """function(task) for each task, in their order, on a few processes."""
    if jobs == 1:
        return [function(task) for task in tasks]
    with concurrent.futures.ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(function, tasks, chunksize=max(1, len(tasks) // (jobs * 16))))
