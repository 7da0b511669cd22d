#include "rm/cib/difference_xml.hh"

#include <algorithm>
#include <iterator>

#include "rm/cib/steps.hh"

namespace gyre::rm {

namespace {

constexpr const char* operations[] = {"create", "modify", "move", "delete"};  // by Change::Kind

void set(pugi::xml_node node, const char* name, const std::string& value) {
  node.append_attribute(name) = value.c_str();
}

std::vector<Attribute> to_attributes(const Version& version) {
  const std::int64_t numbers[] = {version.admin_epoch, version.epoch, version.num_updates};
  std::vector<Attribute> attributes;
  for (std::size_t i = 0; i < std::size(numbers); ++i)
    attributes.push_back({version_names[i], std::to_string(numbers[i])});
  return attributes;
}

void write(pugi::xml_node parent, const char* name, const Version& version) {
  auto written = parent.append_child(name);
  for (const auto& [attribute, number] : to_attributes(version))
    set(written, attribute.c_str(), *number);
}

class Writer {
 public:
  Writer(pugi::xml_node diff, const Document* result) : diff_(diff), result_(result) {}

  void header(const Difference&);
  void changes(const std::vector<Change>& all, bool removed) {
    for (const Change& one : all)
      if ((one.kind == Change::Kind::remove) == removed) change(one);
  }

 private:
  pugi::xml_node begin(Change::Kind kind, const std::string& path) {
    auto written = diff_.append_child("change");
    set(written, "operation", operations[static_cast<int>(kind)]);
    set(written, "path", path);
    return written;
  }
  void change(const Change&);
  void modify(const std::string& path, const std::vector<Attribute>&, pugi::xml_node result);

  pugi::xml_node diff_;
  const Document* result_;
};

void Writer::header(const Difference& difference) {
  auto attributes = to_attributes(difference.to);
  const auto before = to_attributes(difference.from);
  std::erase_if(attributes,
                [&](const Attribute& one) { return std::ranges::count(before, one) > 0; });
  attributes.insert(attributes.end(), difference.header.begin(), difference.header.end());
  const auto cib = result_ ? result_->cib() : pugi::xml_node();
  // In the order in which they will stand there, and last those that go.
  std::ranges::stable_sort(attributes, {}, [&](const Attribute& attribute) {
    const auto all = cib.attributes();
    return !attribute.value ? std::ptrdiff_t{1} << 30
                            : std::distance(all.begin(), std::ranges::find_if(all, [&](auto one) {
                                              return attribute.name == one.name();
                                            }));
  });
  if (!attributes.empty()) modify(to_xpath({}), attributes, cib);
}

void Writer::change(const Change& change) {
  if (change.kind == Change::Kind::modify)
    return modify(to_xpath(change.path), change.attributes,
                  result_ ? find(result_->cib(), change.path) : pugi::xml_node());
  if (change.kind == Change::Kind::remove) {
    begin(change.kind, to_xpath(change.path));
    return;
  }
  const bool is_new = change.kind == Change::Kind::create;
  Path path = change.path;
  if (is_new) path.pop_back();
  auto written = begin(change.kind, to_xpath(path));
  set(written, "position", std::to_string(change.position));
  if (is_new) written.append_buffer(change.element.data(), change.element.size());
}

void Writer::modify(const std::string& path, const std::vector<Attribute>& attributes,
                    pugi::xml_node result) {
  auto written = begin(Change::Kind::modify, path);
  auto list = written.append_child("change-list");
  for (const auto& [name, value] : attributes) {
    auto one = list.append_child("change-attr");
    set(one, "name", name);
    set(one, "operation", value ? "set" : "unset");
    if (value) set(one, "value", *value);
  }
  if (!result) return;
  auto there = written.append_child("change-result").append_child(result.name());
  for (const auto attribute : result.attributes()) there.append_copy(attribute);
}

}  // namespace

std::string to_text(const Difference& difference, const Document* result) {
  pugi::xml_document document;
  auto diff = document.append_child("diff");
  set(diff, "format", "2");
  auto version = diff.append_child("version");
  write(version, "source", difference.from);
  write(version, "target", difference.to);
  Writer writer(diff, result);
  for (const bool removed : {true, false}) {
    if (!removed) writer.header(difference);
    for (const auto* changes : {&difference.configuration, &difference.status})
      writer.changes(*changes, removed);
  }
  return to_text(diff);
}

}  // namespace gyre::rm
