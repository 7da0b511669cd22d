#include "rm/cib/document.hh"

#include <algorithm>
#include <iterator>

namespace gyre::rm {

namespace {

std::int64_t number(pugi::xml_node node, const char* name) {
  return node.attribute(name).as_llong();
}

void set(pugi::xml_node node, const char* name, std::int64_t value) {
  auto attribute = node.attribute(name);
  if (!attribute) attribute = node.append_attribute(name);
  attribute.set_value(static_cast<long long>(value));
}

std::string printed(pugi::xml_node node, const char* indent, unsigned flags) {
  struct Writer : pugi::xml_writer {
    std::string text;
    void write(const void* data, std::size_t size) override {
      text.append(static_cast<const char*>(data), size);
    }
  } writer;
  node.print(writer, indent, flags, pugi::encoding_utf8);
  return std::move(writer.text);
}

}  // namespace

std::variant<Document, Fault> Document::load(std::string_view text) {
  return load(Text(text));
}

std::variant<Document, Fault> Document::load(Text text) {
  Document loaded;
  if (auto fault = scan(text.view(), loaded.line_ends_)) return std::move(*fault);
  const std::size_t size = text.size();
  const auto result = loaded.document_.load_buffer_inplace_own(
      text.release(), size, pugi::parse_default, pugi::encoding_utf8);
  if (!result) return Fault{0, result.description(), Fault::Kind::malformed};
  if (std::string_view(loaded.cib().name()) != "cib")
    return Fault{loaded.line(loaded.cib()),
                 std::string("the root is <") + loaded.cib().name() + ">, not <cib>",
                 Fault::Kind::not_cib};
  return loaded;
}

Version Document::version() const {
  const auto [admin_epoch, epoch, num_updates] = version_names;
  return {number(cib(), admin_epoch), number(cib(), epoch), number(cib(), num_updates)};
}

void Document::set_version(const Version& version) {
  const std::int64_t numbers[] = {version.admin_epoch, version.epoch, version.num_updates};
  for (std::size_t i = 0; i < std::size(numbers); ++i) set(cib(), version_names[i], numbers[i]);
}

std::size_t Document::line(pugi::xml_node node) const {
  const auto offset = node.offset_debug();
  if (offset < 0) return 0;
  const auto end = std::ranges::lower_bound(line_ends_, static_cast<std::size_t>(offset));
  return 1 + static_cast<std::size_t>(end - line_ends_.begin());
}

std::string Document::text() const {
  return to_lines(document_);
}

std::string Document::configuration_text() const {
  pugi::xml_document copy;
  pugi::xml_node root = copy.append_child("cib");
  for (const auto each : cib().attributes()) root.append_copy(each);
  root.append_copy(configuration());
  root.append_child("status");
  return to_lines(copy);
}

std::string to_text(pugi::xml_node node) {
  return printed(node, "", pugi::format_raw);
}

std::string to_lines(pugi::xml_node node) {
  return printed(node, "  ", pugi::format_default | pugi::format_no_declaration);
}

}  // namespace gyre::rm
