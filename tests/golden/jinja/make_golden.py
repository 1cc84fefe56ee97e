"""Templates rendered by Jinja2 as lm-evaluation-harness 0.4.13 sets it up: golden values of template_test.cc.

    python make_golden.py > golden.json                      the templates below
    python make_golden.py --tasks FOLDER > cases.json        those of all task files in a folder, on made-up rows;
                                                             read by the same test from $ASSAY_JINJA_CASES

Needs jinja2 (made with 3.1.6), for --tasks PyYAML. A case whose rendering fails has "error" in place of "text".
"""

import argparse
import json
import pathlib
import random
import re

import jinja2
import jinja2.meta

ENVIRONMENT = jinja2.Environment(loader=jinja2.BaseLoader, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
ENVIRONMENT.filters["regex_replace"] = lambda text, pattern, to, count=0: re.sub(pattern, to, text, count=count)

ROW = {
    "question": "What is  the capital of\nFrance? ", "answer": "Paris", "label": 2, "zero": 0, "ratio": 0.1, "big": 1e20, "whole": 3.0,
    "none": None, "yes": True, "choices": ["Paris", "Lyon's", 'the "old" town', "Nîmes\n"], "empty": "", "nothing": [],
    "options": {"text": ["one", "two", "three"], "label": ["A", "B", "C"]}, "people": [{"name": "Ada", "age": 36}, {"name": "bob", "age": 7}],
    "items": "a column", "word": "straße ÉCOLE naïve", "digits": "007", "sentence": "The _ was too big.", "nested": {"a": {"b": [1, [2, 3]]}},
    "html": "<a href='x'>&</a>", "spaces": "  a  b\tc  ", "names": ["b", "a", "C"], "numbers": [3, 1, 2, 1], "long": "one two three four five",
    "minus": -7, "emoji": "a😀b",
}

TEMPLATES = [
    # text, white space
    "plain", "", "\n", "a\n", "a\n\n", "{{answer}}\n", "  {{answer}}  ", "{# gone #}x", "a {#- gone -#} b", "a\r\nb\rc",
    "{% if yes %}\n  x\n{% endif %}\n", "{%- if yes -%}\n  x\n{%- endif -%}\n y", "a\n  {% if yes %}b{% endif %}\n  c", "{{- answer -}} \n x",
    "{% raw %}{{ not }} {% this %}{% endraw %}", "{%- raw -%}  {{ x }}  {%- endraw -%} y", "{%+ if yes +%} x{% endif %}",
    # values as text
    "{{none}} {{yes}} {{label}} {{ratio}} {{big}} {{whole}} {{choices}} {{options}} {{nested}} {{emoji}}", "{{ [1, 'a\\'b', \"c\"] }}", "{{ (1,) }}{{ (1, 2) }}{{ () }}",
    "{{ {'a': 1, 2: [none]} }}", "{{ 1e3 }} {{ 1.50 }} {{ 1_000 }} {{ 2e-7 }} {{ 123456789012345680.0 }}", "{{ 'x\\n\\t\\u00e9\\x41\\q' }}", "{{ 'a' 'b' }}", "{{ true }} {{ False }} {{ None }}",
    # operators
    "{{ 7 // 2 }} {{ minus // 2 }} {{ minus % 3 }} {{ 7 / 2 }} {{ 2 ** 10 }} {{ 7 % 2.5 }} {{ -minus }} {{ 2 ** -1 }} {{ 6 / 3 }}", "{{ 1 + 2 * 3 - 4 }} {{ (1 + 2) * 3 }} {{ -2 ** 2 }} {{ 2 - -1 }}",
    "{{ 'a' ~ 1 ~ none ~ [1] }}", "{{ 'ab' * 3 }} {{ [1] * 2 }} {{ [1] + [2] }}", "{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 1 == 1.0 }} {{ '1' == 1 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }}",
    "{{ 'Par' in answer }} {{ 'x' not in answer }} {{ 1 in numbers }} {{ 'a' in options }} {{ 'text' in options }}", "{{ not yes }} {{ yes and 0 }} {{ 0 or 'b' }} {{ '' or none }} {{ none and 1 }}",
    "{{ 'a' if label == 2 else 'b' }} {{ 'a' if zero else 'b' if empty else 'c' }}", "{{ '%s and %d, %.2f, %5s|%-5s|%05d, %%' % ('x', 3, ratio, 'r', 'l', 42) }}", "{{ '%s' % answer }}",
    # subscripts, attributes, slices
    "{{ choices[0] }} {{ choices[-1] }} {{ options.text[1] }} {{ options['label'][2] }} {{ nested.a.b[1][0] }} {{ people.0.name }}", "{{ answer[1] }} {{ answer[-1] }} {{ emoji[1] }} {{ word[4] }}",
    "{{ answer[1:3] }} {{ answer[:-1] }} {{ answer[::-1] }} {{ choices[1:3] }} {{ numbers[::2] }} {{ numbers[5:] }} {{ emoji[1:] }}", "{{ {'1': 0, '2': 1}['2'] }}", "{{ ['A', 'B', 'C'][label] }}", "{{ items }}",
    # methods
    "{{ question.strip() }}|{{ spaces.lstrip() }}|{{ spaces.rstrip() }}|{{ answer.strip('Ps') }}", "{{ spaces.split() }} {{ long.split(' ', 1) }} {{ long.split(' ')[0] }} {{ 'a,b,,c'.split(',') }} {{ long.rsplit(' ', 2) }} {{ spaces.split(none, 1) }}",
    "{{ answer.upper() }} {{ word.lower() }} {{ long.title() }} {{ word.capitalize() }} {{ \"it's o'clock\".title() }}", "{{ answer.replace('a', 'o') }} {{ 'aaa'.replace('a', 'b', 2) }} {{ 'ab'.replace('', '-') }}",
    "{{ answer.startswith('Pa') }} {{ answer.endswith('x') }} {{ answer.find('r') }} {{ answer.index('is') }} {{ answer.count('a') }} {{ 'a-b'.partition is defined }}",
    "{{ ', '.join(choices) }} {{ '{} is {}'.format(answer, label) }} {{ '{0}{1}{0}'.format('a', 'b') }} {{ '{x}'.format(x=1) }}", "{{ choices.index('Paris') }} {{ numbers.count(1) }}",
    "{{ options.keys() | list }} {{ options.get('label') }} {{ options.get('none', 5) }} {% for k, v in options.items() %}{{ k }}={{ v }};{% endfor %}", "{{ digits.isdigit() }} {{ answer.isalpha() }} {{ '  '.isspace() }}",
    "{{ 'a\nb\r\nc'.splitlines() }} {{ 'prefix_x'.removeprefix('prefix_') }}", "{% set l = [] %}{% set _ = l.append(1) %}{{ l }}",
    # filters
    "{{ question | trim }}|{{ answer | upper | lower }}|{{ word | title }}|{{ word | capitalize }}|{{ \"it's a-b (c) x\" | title }}", "{{ choices | length }} {{ answer | length }} {{ emoji | length }} {{ options | length }} {{ nothing | count }}",
    "{{ choices | join(', ') }} {{ numbers | join('-') }} {{ people | join(', ', attribute='name') }} {{ answer | join('.') }}", "{{ choices | first }} {{ choices | last }} {{ numbers | sort }} {{ numbers | sort(reverse=true) }} {{ names | sort }} {{ names | sort(case_sensitive=true) }}",
    "{{ people | map(attribute='name') | list }} {{ names | map('upper') | join }} {{ people | selectattr('age', 'gt', 10) | map(attribute='name') | first }} {{ numbers | select('odd') | list }} {{ numbers | reject('equalto', 1) | list }}",
    "{{ numbers | sum }} {{ numbers | min }} {{ numbers | max }} {{ names | max }} {{ numbers | unique | list }} {{ people | sum(attribute='age') }}", "{{ missing | default('d') }} {{ empty | default('d') }} {{ empty | default('d', true) }} {{ none | default('d') }} {{ missing | d }}",
    "{{ '42' | int }} {{ '4.7' | int }} {{ 'x' | int }} {{ 'x' | int(-1) }} {{ 4.7 | int }} {{ '1.5' | float }} {{ ' 3 ' | int }} {{ yes | int }}", "{{ minus | abs }} {{ 2.567 | round(2) }} {{ 2.5 | round }} {{ 2.1 | round(method='ceil') }} {{ 2 | round }} {{ 2.675 | round(2) }} {{ 0.5 | round | int }}",
    "{{ choices | tojson }} {{ options | tojson }} {{ html | tojson }} {{ none | tojson }} {{ ratio | tojson }} {{ yes | tojson }} {{ word | tojson }}", "{{ html | escape }} {{ html | safe }} {{ label | string }} {{ choices | string }}", "{{ answer | replace('P', 'p') }} {{ numbers | replace('1', 'x') }}",
    "{{ numbers | batch(3) | list }} {{ numbers | batch(3, 0) | list }} {{ numbers | slice(3) | list }} {{ numbers | slice(3, 'x') | list }}", "{{ numbers | reverse | list }} {{ answer | reverse }} {{ options | dictsort }} {{ options | items | list }}", "{{ 'a\nb\n\nc' | indent }}|{{ 'a\nb' | indent(2, true) }}|{{ 'a\n\nb' | indent(1, blank=true) }}",
    "{{ long | truncate(12) }} {{ long | truncate(12, true) }} {{ long | truncate(12, end='!') }} {{ long | wordcount }}", "{{ '%s-%s' | format('a', 'b') }}", "{{ -1 | abs }} {{ answer ~ 'x' | upper }} {{ 'a,b' .split(',') | length }}", "{{ answer | list }} {{ options | list }}", "{% filter upper %}a{{ answer }}{% endfilter %}",
    "{{ nothing | first is defined }} {{ people | map(attribute='none', default='-') | list }}",
    # tests
    "{{ missing is defined }} {{ missing is undefined }} {{ answer is defined }} {{ none is none }} {{ answer is string }} {{ label is number }} {{ yes is boolean }} {{ label is integer }} {{ ratio is float }} {{ choices is iterable }} {{ options is mapping }} {{ choices is sequence }}",
    "{{ label is even }} {{ label is odd }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }} {{ answer is not none }} {{ 1 is eq 1 }} {{ label is gt 1 }} {{ 'a' is in 'abc' }} {{ answer is lower }} {{ 'ABC' is upper }} {{ yes is true }} {{ yes is sameas true }}",
    "{{ 'x' if missing is defined and missing else 'y' }}", "{{ options.text is defined }} {{ options.nothing is defined }} {{ nested.a.c is defined }}",
    # statements
    "{% for c in choices %}{{ loop.index }}/{{ loop.length }}{{ c }}{% if not loop.last %}, {% endif %}{% endfor %}", "{% for c in nothing %}x{% else %}none{% endfor %}", "{% for n in numbers if n > 1 %}{{ loop.index0 }}:{{ n }} {{ loop.revindex }}{{ loop.first }} {% endfor %}",
    "{% for a, b in [(1, 2), (3, 4)] %}{{ a + b }} {% endfor %}", "{% for p in people %}{{ p.name }}{{ loop.cycle('x', 'y') }}{% endfor %}", "{% for i in range(3) %}{{ i }}{% endfor %}{% for i in range(4, 0, -2) %}{{ i }}{% endfor %}", "{% for c in answer %}{{ c }}.{% endfor %}",
    "{% for k in options %}{{ k }}{% endfor %}", "{% set x = 1 %}{% for i in range(3) %}{% set x = x + 1 %}{{ x }}{% endfor %}{{ x }}", "{% set ns = namespace(n=0) %}{% for i in numbers %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set block %}[{{ answer }}]{% endset %}{{ block }}{{ block | length }}", "{% set block | upper %}{{ answer }}{% endset %}{{ block }}", "{% if zero %}a{% elif empty %}b{% elif label == 2 %}c{% else %}d{% endif %}", "{% if yes %}{% set q = 5 %}{% endif %}{{ q }}",
    "{% macro m(a, b='x') %}<{{ a }}{{ b }}>{% endmacro %}{{ m(1) }}{{ m(1, 2) }}{{ m(b=3, a=4) }}", "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}", "{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}", "{{ dict(a=1, b=2) }} {{ range(3) | list }}",
    "{% for row in [[1, 2], [3]] %}{% for x in row %}{{ loop.index }}{{ x }}{% endfor %};{% endfor %}", "{% for x in [1, 2, 3] %}{{ loop.previtem if not loop.first else '-' }}{{ loop.nextitem if not loop.last else '-' }} {% endfor %}",
    "{% set letters = ['A', 'B', 'C', 'D'] %}{% for c in choices %}{{ letters[loop.index0] }}. {{ c }}\n{% endfor %}Answer:", "{{ [answer] + choices[1:] }}", "{{ sentence.split('_', 1)[1].strip() }}", "{% set i = sentence.index('_') %}{{ sentence[:i] + answer }}", "{{ (label | string) + '!' }}",
    "{{ 1, 2 }}", "{{ choices.index(answer) }}", "{{ answer.lower() in ['paris'] }}", "{{ ['no', 'yes'][yes] }}", "{{ {'a': {'b': 1}} }}", "{{ '}}' }}", "{{ \"{%\" }}", "{{ long.split()[:2] | join(' ') }}", "{{ (choices | map('trim') | list)[3] }}",
    # what must fail
    "{{ missing }}", "{{ missing.x }}", "{{ options.nothing }}", "{{ choices[9] }}", "{{ missing + 'a' }}", "{% if missing %}x{% endif %}", "{% for x in missing %}{% endfor %}", "{{ missing | length }}", "{{ answer + 1 }}", "{{ 1 + none }}", "{{ 1 / 0 }}", "{{ 'a' < 1 }}", "{{ answer.nothing() }}", "{{ none.x }}",
    "{{ missing == 1 }}", "{{ answer(1) }}", "{{ [1, 'a'] | sort }}", "{{ 'x' if false }}", "{{ 5 | join }}", "{{ missing ~ 'a' }}", "{{ missing in [1] }}", "{{ numbers.index(9) }}", "{{ answer.index('z') }}",
    "{{ ", "{% if %}", "{% for x in %}{% endfor %}", "{{ a b }}", "{{ (1 }}", "{% endif %}", "{% if yes %}", "{{ 'a }}", "{{ x | nofilter }}", "{{ x is notest }}", "{% nothing %}", "{# open", "{{ }}",
]


def case(template, row):
    try:
        return {"template": template, "row": row, "text": ENVIRONMENT.from_string(template).render(**row)}
    except Exception as problem:
        return {"template": template, "row": row, "error": type(problem).__name__}


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in ("metadata", "metric_list", "filter_list", "generation_kwargs", "dataset_kwargs"):
                yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def task_templates(folder):
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_constructor("!function", lambda loader, node: None)
    found = set()
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if path.is_file() and (path.suffix in (".yaml", ".yml") or path.name.endswith("_yaml")):
            try:
                found.update(s for s in strings(yaml.load(path.read_text(), Loader)) if "{{" in s or "{%" in s)
            except yaml.YAMLError:
                pass
    return sorted(found)


def made_up(rng):
    words = ["ein Wort", "The cat sat. ", " on 2 mats", "A", "B", "true", "Ünï", "x|y", "1", "a - b", "q?\nr", "_ blank _", "[('a', 'b')]"]
    some = lambda: [rng.choice(words) for _ in range(5)]
    table = {"text": some(), "label": ["A", "B", "C", "D", "E"], "options": some(), "choices": some(), "answer": some(), "context": rng.choice(words)}
    return rng.choice([rng.choice(words), rng.choice(words), rng.choice(words), rng.randrange(4), some(), table, [table, table, table, table, table], True])


def task_cases(folder):
    rng = random.Random(7)
    for template in task_templates(folder):
        try:
            names = sorted(jinja2.meta.find_undeclared_variables(ENVIRONMENT.parse(template)))
        except jinja2.TemplateError:
            yield case(template, {})
            continue
        rendered = []
        for _ in range(300):
            made = case(template, {name: made_up(rng) for name in names})
            if "text" in made:
                rendered.append(made)
            if len(rendered) == 3:
                break
        yield from rendered or [made]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks")
    folder = parser.parse_args().tasks
    cases = list(task_cases(folder)) if folder else [case(template, ROW) for template in TEMPLATES]
    if not folder:
        for made in cases:
            del made["row"]
        print(json.dumps({"jinja2": jinja2.__version__, "row": ROW, "cases": cases}, ensure_ascii=True, indent=1))
    else:
        print(json.dumps({"jinja2": jinja2.__version__, "cases": cases}, ensure_ascii=True))


main()
