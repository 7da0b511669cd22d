// What is to be said of a document, and of which of its elements.
#pragma once

#include <pugixml.hpp>
#include <string>
#include <vector>

#include "rm/cib/document.hh"

namespace gyre::rm {

struct Finding {
  enum class Severity { note, warning, error };

  Severity severity;
  std::size_t line;     // 0: it stood in none
  std::string element;  // its name
  std::string path;     // "/cib/configuration/resources/primitive[@id='db']"
  std::string what;
  std::string advice = {};  // what to do about it, if that is not plain
};

std::string path_of(pugi::xml_node);

// So many of each severity are enough to begin with.
inline constexpr std::size_t findings_max = 200;

class Findings {
 public:
  explicit Findings(const Document& document) : document_(document) {}

  // Of no element: of the document as a whole.
  void add(Finding::Severity, pugi::xml_node, std::string what, std::string advice = {});
  void error(pugi::xml_node node, std::string what, std::string advice = {}) {
    add(Finding::Severity::error, node, std::move(what), std::move(advice));
  }
  std::vector<Finding> take() { return std::move(found_); }

 private:
  const Document& document_;
  std::vector<Finding> found_;
  std::size_t counts_[3] = {};  // by severity
};

}  // namespace gyre::rm
