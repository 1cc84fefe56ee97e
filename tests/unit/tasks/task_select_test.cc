// Names to tasks: includes, groups, tags, wildcards. What lm-eval makes of them was read in its
// tasks/_factory.py, _index.py and _yaml_loader.py.
#include <gtest/gtest.h>

#include "unit/tasks/error_text.h"
#include "unit/tasks/task_folder.h"

namespace assay {
namespace {

using Names = std::vector<std::string>;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
Names task_names(const TaskSelection& selection) {
  Names names;
  for (const TaskConfig& task : selection.tasks) names.push_back(task.task);
  return names;
}
Names group_names(const TaskSelection& selection) {
  Names names;
  for (const GroupConfig& group : selection.groups) names.push_back(group.group);
  return names;
}
std::string refused(const TaskFolder& folder, const Names& names,
                    ErrorKind kind = ErrorKind::kBadInput) {
  return error_text([&] { folder.select(names); }, kind);
}

TEST(Include, OwnKeysWinOverIncludedOnes) {
  TaskFolder folder;
  folder.add("base/_a.yaml", kTaskFields + "description: a\nnum_fewshot: 1\ntag: from_a\n");
  folder.add("base/_b", "description: b\ninclude: _a.yaml\n");
  folder.add("x/t.yaml", "include: [../base/_a.yaml, ../base/_b]\ntask: t\nnum_fewshot: 3\n");
  const TaskConfig task = folder.select({"from_a"}).tasks.at(0);
  EXPECT_EQ(task.task, "t");
  EXPECT_EQ(task.description, "b");
  EXPECT_EQ(task.num_fewshot, 3);
  EXPECT_EQ(task.dataset_path, "some/data");
  EXPECT_EQ(task.file, folder.path() + "/x/t.yaml");
  EXPECT_EQ(task.doc_to_text.file, folder.path() + "/base/_a.yaml");
}

TEST(Include, DiamondsAreNoLoops) {
  TaskFolder folder;
  folder.add("_d", kTaskFields).add("_b", "include: _d\n").add("_c", "include: _d\n");
  folder.add("t.yaml", "include: [_b, _c]\ntask: t\n");
  EXPECT_EQ(task_names(folder.select({"t"})), Names{"t"});
}

// A file that cannot be read does not define its name; the message says which and why.
TEST(Include, NamesWhatIsWrong) {
  TaskFolder loop;
  loop.add("t.yaml", "include: _a\ntask: t\n")
      .add("_a", "include: _b\n")
      .add("_b", "include: _a\n");
  EXPECT_TRUE(contains(refused(loop, {"t"}, ErrorKind::kUsage), "include each other in a loop"));
  TaskFolder missing;
  missing.add("t.yaml", "task: t\ninclude: gone.yaml\n");
  const std::string message = refused(missing, {"t"}, ErrorKind::kUsage);
  EXPECT_TRUE(contains(message, "'gone.yaml' is not there")) << message;
  EXPECT_TRUE(contains(message, "t.yaml:2")) << message;
  TaskFolder wrong;
  wrong.add("t.yaml", "task: t\ninclude: {a: b}\n");
  EXPECT_TRUE(contains(refused(wrong, {"t"}, ErrorKind::kUsage), "must be a path"));
  TaskFolder many;
  std::string list = "task: t\ninclude: [";
  for (int i = 0; i < 101; ++i) list += "_a, ";
  many.add("_a", kTaskFields).add("t.yaml", list + "]\n");
  EXPECT_TRUE(contains(refused(many, {"t"}, ErrorKind::kUsage), "more than 100"));
  TaskFolder deep;
  for (int i = 0; i < 30; ++i) {
    deep.add("_" + std::to_string(i), "include: _" + std::to_string(i + 1) + "\n");
  }
  deep.add("_30", kTaskFields).add("t.yaml", "task: t\ninclude: _0\n");
  EXPECT_TRUE(contains(refused(deep, {"t"}, ErrorKind::kUsage), "nested deeper than 16 files"));
}

TEST(TaskList, EachItemIsATaskOverTheRestOfTheFile) {
  TaskFolder folder;
  folder.add("_base", kTaskFields + "num_fewshot: 1\ntask_list: [{task: not_inherited}]\n");
  folder.add("family.yaml",
             "include: _base\nmetadata: {version: 2}\ntask_list:\n"
             "  - {task: a, dataset_name: x, tag: both}\n"
             "  - {task: b, dataset_name: y, tag: both, num_fewshot: 3}\n");
  folder.add("group.yaml", "group: g\ntask: [b, a]\n");
  const TaskSelection selection = folder.select({"both"});
  ASSERT_EQ(task_names(selection), (Names{"a", "b"}));
  EXPECT_EQ(selection.tasks[0].dataset_name, "x");
  EXPECT_EQ(selection.tasks[0].num_fewshot, 1);
  EXPECT_EQ(selection.tasks[1].dataset_name, "y");
  EXPECT_EQ(selection.tasks[1].num_fewshot, 3);
  EXPECT_EQ(selection.tasks[1].version, "2");
  EXPECT_EQ(task_names(folder.select({"g"})), (Names{"b", "a"}));
  EXPECT_TRUE(contains(refused(folder, {"not_inherited"}, ErrorKind::kUsage), "no task"));
  const ValidationResult result = validate_task_files(folder.path());
  EXPECT_EQ(result.n_files, 2);
  EXPECT_EQ(result.n_loaded, 2);
}

// lm-eval reads past the list of a file that has a name.
TEST(TaskList, OfANamedFileHasNoEffect) {
  TaskFolder folder;
  folder.add_task("named", "task_list: [{task: inner}]\n");
  EXPECT_EQ(task_names(folder.select({"*"})), Names{"named"});
}

TEST(TaskList, MustHoldTasks) {
  for (const char* list : {"7", "[text]", "[{dataset_name: x}]", "[{group: g, dataset_name: x}]"}) {
    TaskFolder folder;
    folder.add("family.yaml", kTaskFields + "task_list: " + list + "\n");
    EXPECT_TRUE(contains(refused(folder, {"t"}, ErrorKind::kUsage), "task_list")) << list;
  }
  TaskFolder large;
  std::string text = kTaskFields;
  for (int i = 0; i < 500; ++i) text += "field" + std::to_string(i) + ": 1\n";
  text += "task_list:\n";
  for (int i = 0; i < 500; ++i) text += "  - {task: t" + std::to_string(i) + "}\n";
  large.add("family.yaml", text);
  EXPECT_TRUE(contains(refused(large, {"t"}, ErrorKind::kUsage), "too long"));
}

TEST(Include, StaysInsideTheFolder) {
  TaskFolder outside;
  outside.add("secret.yaml", kTaskFields);
  for (const bool by_link : {false, true}) {
    TaskFolder folder;
    std::string path = outside.path() + "/secret.yaml";
    if (by_link) {
      std::filesystem::create_symlink(path, folder.path() + "/link");
      path = "link";
    }
    folder.add("t.yaml", "task: t\ninclude: " + path + "\n");
    EXPECT_TRUE(contains(refused(folder, {"t"}, ErrorKind::kUsage), "leaves the folder"));
  }
  TaskFolder device;
  device.add("t.yaml", "task: t\ninclude: /dev/zero\n");
  EXPECT_TRUE(contains(refused(device, {"t"}, ErrorKind::kUsage), "leaves the folder"));
}

TEST(Select, TagsAreTheirTasksByName) {
  TaskFolder folder;
  folder.add_task("b", "tag: pair\n").add_task("a", "tag: [pair, other]\n").add_task("c");
  EXPECT_EQ(task_names(folder.select({"pair"})), (Names{"a", "b"}));
  EXPECT_TRUE(folder.select({"pair"}).groups.empty());
}

TEST(Select, KeepsTheOrderOfNamesAndEachTaskOnce) {
  TaskFolder folder;
  folder.add_task("ab").add_task("aa").add_task("b").add("g.yaml", "group: g\ntask: [b, aa]\n");
  EXPECT_EQ(task_names(folder.select({"b", "a*", "aa", "g"})), (Names{"b", "aa", "ab"}));
  EXPECT_EQ(task_names(folder.select({"a[!a]", "?"})), (Names{"ab", "b", "aa"}));
}

TEST(Select, NamesTheNearestOfAnUnknownName) {
  TaskFolder folder;
  folder.add_task("arc_easy").add_task("arc_challenge").add_task("piqa");
  const std::string message = refused(folder, {"arc_esay"}, ErrorKind::kUsage);
  EXPECT_TRUE(contains(message, "no task, group or tag 'arc_esay'")) << message;
  EXPECT_TRUE(contains(message, "Did you mean 'arc_easy'")) << message;
  EXPECT_TRUE(contains(refused(folder, {"x*"}, ErrorKind::kUsage), "'x*'"));
}

TEST(Select, ReadsAFileByItsPath) {
  TaskFolder folder, other;
  other.add_task("lone");
  EXPECT_EQ(task_names(folder.select({other.path() + "/lone.yaml"})), Names{"lone"});
}

TEST(Group, HasMembersAndAggregates) {
  TaskFolder folder;
  folder.add_task("a", "tag: t\n").add_task("b", "tag: t\n").add_task("c");
  folder.add("g.yaml",
             "group: g\ngroup_alias: G\ntask:\n- c\n- t\n- {task: c, task_alias: C}\n"
             "aggregate_metric_list:\n- {metric: acc, filter_list: none, weight_by_size: false}\n"
             "- {metric: acc_norm, aggregation: mean, filter_list: [x, y]}\n"
             "metadata: {version: 2}\n");
  const TaskSelection selection = folder.select({"g"});
  EXPECT_EQ(task_names(selection), (Names{"c", "a", "b"}));
  const GroupConfig& group = selection.groups.at(0);
  EXPECT_EQ(group.alias, "G");
  EXPECT_EQ(group.version, "2");
  EXPECT_EQ(group.members, (Names{"c", "a", "b"}));
  EXPECT_EQ(group.aggregates.at(0).filters, Names{"none"});
  EXPECT_FALSE(group.aggregates[0].weight_by_size);
  EXPECT_TRUE(group.aggregates.at(1).weight_by_size);
  EXPECT_EQ(group.aggregates[1].filters, (Names{"x", "y"}));
}

TEST(Group, FieldsOfTheGroupAndOfTheItemGoOverThoseOfTheTask) {
  TaskFolder folder;
  folder.add_task("a", "num_fewshot: 1\ndescription: own\n").add_task("b", "num_fewshot: 1\n");
  folder.add("g.yaml",
             "group: g\nnum_fewshot: 2\ntask:\n- a\n- {task: b, num_fewshot: 3, repeats: 2}\n");
  const TaskSelection selection = folder.select({"g"});
  EXPECT_EQ(selection.tasks.at(0).num_fewshot, 2);
  EXPECT_EQ(selection.tasks[0].description, "own");
  EXPECT_EQ(selection.tasks.at(1).num_fewshot, 3);
  EXPECT_EQ(selection.tasks[1].repeats, 2);
  EXPECT_TRUE(contains(refused(folder, {"a", "g"}, ErrorKind::kUsage), "selected twice"));
}

TEST(Group, NestsInListsAndByName) {
  TaskFolder folder;
  folder.add_task("a").add_task("b").add("inner.yaml", "group: inner\ntask: [a]\n");
  folder.add("outer.yaml",
             "group: outer\ntask:\n- {group: inner, num_fewshot: 4}\n"
             "- {group: more, group_alias: M, repeats: 2, task: [b]}\n"
             "- {task: new, dataset_path: d, test_split: test, doc_to_text: x, doc_to_target: y}\n"
             "aggregate_metric_list: {metric: acc}\n");
  const TaskSelection selection = folder.select({"outer"});
  EXPECT_EQ(group_names(selection), (Names{"outer", "inner", "outer::more"}));
  EXPECT_EQ(selection.groups[0].members, (Names{"inner", "outer::more", "outer::new"}));
  EXPECT_EQ(selection.groups[0].aggregates.size(), 1U);
  EXPECT_EQ(selection.groups[2].alias, "M");
  EXPECT_EQ(task_names(selection), (Names{"a", "b", "outer::new"}));
  EXPECT_EQ(selection.tasks[0].num_fewshot, 4);
  EXPECT_EQ(selection.tasks[1].repeats, 2);
}

TEST(Group, RefusesWhatCannotBeExpanded) {
  TaskFolder loop;
  loop.add("a.yaml", "group: a\ntask: [b]\n").add("b.yaml", "group: b\ntask: [a]\n");
  EXPECT_TRUE(contains(refused(loop, {"a"}), "'a' contains itself"));
  EXPECT_EQ(list_tasks(loop.open()).size(), 2U);
  TaskFolder unknown;
  unknown.add_task("piqa").add("g.yaml", "group: g\ntask:\n- piqa\n- piqqa\n");
  const std::string message = refused(unknown, {"g"});
  EXPECT_TRUE(contains(message, "g.yaml:4")) << message;
  EXPECT_TRUE(contains(message, "Did you mean 'piqa'")) << message;
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"group: g\n", "no list `task`"},
      {"group: g\ntask: piqa\n", "is a list of its members"},
      {"group: g\ntask: [{dataset_path: d}]\n", "without a task or group name"},
      {"group: g\ntask: [3]\n", "without a task or group name"},
      {"group: g\ntask: [{task: [a]}]\n", "must be a name"},
      {"group: g\ntask: []\naggregate_metric_list: [{metric: acc, weight: 1}]\n", "unknown field"},
      {"group: g\ntask: []\naggregate_metric_list: [{metric: acc, aggregation: median}]\n",
       "only 'mean'"}};
  for (const auto& [text, part] : wrong) {
    TaskFolder folder;
    folder.add("g.yaml", text);
    EXPECT_TRUE(contains(refused(folder, {"g"}), part)) << text << refused(folder, {"g"});
  }
}

TEST(Group, EndsGroupsThatExplode) {
  TaskFolder folder;
  folder.add_task("a");
  for (int i = 0; i < 30; ++i) {
    const std::string inner = i == 0 ? "a" : "g" + std::to_string(i - 1);
    const std::string name = "g" + std::to_string(i);
    folder.add(name + ".yaml", "group: " + name + "\ntask: [" + inner + ", " + inner + "]\n");
  }
  EXPECT_TRUE(contains(refused(folder, {"g29"}), "more than 20000"));
}

TEST(Library, LaterFoldersWinAndFirstFilesWin) {
  TaskFolder first, second;
  first.add_task("t", "description: first\n").add_task("only_first");
  second.add_task("t", "description: second\n");
  second.add("z.yaml", "task: t\n" + kTaskFields + "description: duplicate\n");
  const TaskLibrary library =
      open_task_library({.shipped = false, .folders = {first.path(), second.path()}});
  EXPECT_EQ(select_tasks(library, Names{"t"}).tasks.at(0).description, "second");
  EXPECT_EQ(list_tasks(library).size(), 2U);
  EXPECT_TRUE(
      contains(error_text([] { open_task_library({.folders = {"/nowhere"}}); }, ErrorKind::kIo),
               "no such folder"));
}

TEST(Library, ListsKindsAndCounts) {
  TaskFolder folder;
  folder.add_task("a", "tag: t\nmetadata: {version: 1.0}\noutput_type: multiple_choice\n");
  folder.add_task("b", "tag: t\n").add("g.yaml", "group: g\ntask: [t, {task: new}]\n");
  folder.add("broken.yaml", "a: [\n").add("template.yaml", "dataset_path: x\n");
  const std::vector<TaskEntry> entries = list_tasks(folder.open());
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[0].name, "a");
  EXPECT_EQ(entries[0].output_type, "multiple_choice");
  EXPECT_EQ(entries[0].version, "1.0");
  EXPECT_EQ(entries[2].kind, TaskEntry::Kind::kGroup);
  EXPECT_EQ(entries[2].n_tasks, 3);
  EXPECT_EQ(entries[3].kind, TaskEntry::Kind::kTag);
  EXPECT_EQ(entries[3].n_tasks, 2);
}

}  // namespace
}  // namespace assay
