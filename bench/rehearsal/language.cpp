#include "bench/rehearsal/language.hpp"

#include <unicode/utf8.h>

namespace emostage::rehearsal {

Script script_of(std::string_view text) {
    bool han = false, letters = false;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    for (std::size_t at = 0; at < text.size();) {
        UChar32 c = 0;
        U8_NEXT(bytes, at, text.size(), c);
        if (c >= 0x3041 && c <= 0x30FF && c != 0x30FB) return Script::kana;
        if (c >= 0xFF66 && c <= 0xFF9D) return Script::kana;  // half width
        if ((c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF)) han = true;
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) letters = true;
    }
    return han ? Script::han : letters ? Script::letters : Script::none;
}

}  // namespace emostage::rehearsal
