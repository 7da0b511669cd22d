#include "rm/cib/digest.hh"

#include <md5.h>

#include <string>

namespace gyre::rm {

namespace {

void append_escaped(std::string& text, std::string_view value) {
  for (const char c : value) switch (c) {
      case '<':
        text += "&lt;";
        break;
      case '>':
        text += "&gt;";
        break;
      case '&':
        text += "&amp;";
        break;
      case '"':
        text += "&quot;";
        break;
      default:
        text += c;
    }
}

}  // namespace

Digest digest(const Attributes& parameters) {
  std::string text = " <parameters";
  for (const auto& [name, value] : parameters) {
    text.append(" ").append(name).append("=\"");
    append_escaped(text, value);
    text += '"';
  }
  text += "/>\n";
  std::array<unsigned char, MD5_DIGEST_LENGTH> bytes;
  MD5_CTX context;
  MD5Init(&context);
  MD5Update(&context, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  MD5Final(bytes.data(), &context);
  Digest result;
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    result.hex[2 * i] = digits[bytes[i] >> 4];
    result.hex[2 * i + 1] = digits[bytes[i] & 15];
  }
  return result;
}

}  // namespace gyre::rm
