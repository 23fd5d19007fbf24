// The files of gateway/http/page/, as they were when this was built.
#pragma once

#include <string_view>

namespace emostage::http {

struct PageFile {
    std::string_view name, type, etag, body;
};

// nullptr: there is none of that name.
const PageFile* page_file(std::string_view name);

}  // namespace emostage::http
