# Writes the page's files into a C++ source: cmake -DPAGE=<folder> -DOUT=<file> -P embed_page.cmake
file(GLOB names RELATIVE ${PAGE} ${PAGE}/*.html ${PAGE}/*.css ${PAGE}/*.js ${PAGE}/*.mjs)
list(SORT names)
set(types_html "text/html; charset=utf-8")
set(types_css "text/css; charset=utf-8")
set(types_js "text/javascript; charset=utf-8")
set(types_mjs "text/javascript; charset=utf-8")

set(bodies "")
set(rows "")
set(number 0)
foreach(name IN LISTS names)
  file(READ ${PAGE}/${name} bytes HEX)
  file(SHA256 ${PAGE}/${name} sum)
  string(SUBSTRING ${sum} 0 32 sum)
  string(REGEX REPLACE "^.*\\." "" kind ${name})
  # Arrays: a string literal as long as a page is more than the language promises.
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
  string(APPEND bodies "constexpr char body_${number}[] = {${bytes}'\\0'};\n")
  string(APPEND rows "    {\"${name}\", \"${types_${kind}}\", \"\\\"${sum}\\\"\", {body_${number}, sizeof body_${number} - 1}},\n")
  math(EXPR number "${number} + 1")
endforeach()

file(WRITE ${OUT} "// Made by gateway/http/embed_page.cmake.
#include \"gateway/http/server/page_files.hpp\"

#include <array>

namespace emostage::http {
namespace {

${bodies}
const std::array<PageFile, ${number}> files{{
${rows}}};

}  // namespace

const PageFile* page_file(std::string_view name) {
    for (const PageFile& file : files) {
        if (file.name == name) return &file;
    }
    return nullptr;
}

}  // namespace emostage::http
")
