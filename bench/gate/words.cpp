#include "bench/gate/words.hpp"

#include <nlohmann/json.hpp>

namespace emostage::gate {
namespace {

constexpr std::array<Words, 3> languages{{
    {"en",
     {"I moved to this city in spring and I still know nobody here.",
      "Half a year in a new place, and nobody to share it with. How do you spend your evenings?",
      "I come home, eat something, and look at my phone until it is late.",
      "That sounds long and quiet. What would you wish for in those hours?",
      "Somebody who asks how my day was, I think.",
      "Being asked, so that the day has been seen by someone. When did you last have that?"},
     "My sister used to call on Sundays, but now she has the baby and forgets. I do not want to be "
     "one more thing on her list, so I say nothing.",
     R"({"state":"Alone in a new city, misses being asked about the day, and holds back so as not to )"
     R"(be a burden to the sister.","emotions":[{"name":"loneliness","strength":3},)"
     R"({"name":"sadness","strength":2}],"needs":["heard","connection"],"risk":"none"})",
     R"({"phase":"exploring","confidence":"high"})",
     "You keep quiet so that your sister has it easier, and the Sundays have become silent for it. "
     "It makes sense that this hurts: her call was the hour in which somebody asked about you. Not "
     "wanting to be a burden sounds like care for her, and it leaves you alone with a lot. What do "
     "you imagine she would say if she knew that you miss her voice?"},
    {"ja",
     {"春からこの町に来ましたが、まだ知り合いがいません。",
      "半年のあいだ、ひとりで過ごしてこられたのですね。夜はどんなふうにお過ごしですか。",
      "帰って少し食べて、遅くまで携帯を見ています。",
      "静かで長い夜ですね。その時間に、何があったらいいと思いますか。",
      "今日はどうだったと聞いてくれる人、でしょうか。",
      "一日を誰かに見ていてもらえること、ですね。最後にそう聞かれたのはいつでしたか。"},
     "前は姉が日曜に電話をくれましたが、赤ちゃんが生まれてからは忘れているようです。負担になりたく"
     "ないので、何も言えません。",
     R"({"state":"新しい町で孤独を感じ、姉の負担にならないように寂しさを言えずにいる。",)"
     R"("emotions":[{"name":"孤独","strength":3},{"name":"悲しみ","strength":2}],)"
     R"("needs":["聞いてもらうこと","つながり"],"risk":"none"})",
     R"({"phase":"exploring","confidence":"high"})",
     "お姉さんを気づかって、寂しさをひとりで抱えてこられたのですね。日曜の電話は、一日をたずねて"
     "もらえる大切な時間だったのだと思います。負担になりたくないというお気持ちには、やさしさが"
     "あります。そのぶん、言えない寂しさも大きいのではないでしょうか。もしお姉さんが声を聞きたいと"
     "知ったら、どんなふうに答えてくれそうですか。"},
    {"zh",
     {"春天我搬到了这个城市，到现在还没有认识的人。",
      "在新的地方半年了，没有人可以分享。你晚上一般怎么过？", "回家吃点东西，然后看手机看到很晚。",
      "听起来又长又安静。那些时候，你希望有什么呢？", "希望有人问问我今天过得怎么样吧。",
      "有人问起，这一天就像被人看见了。上一次有人这样问你是什么时候？"},
     "以前姐姐每个星期天都打电话来，现在她有了孩子，就忘了。我不想成为她的负担，所以什么也没说。",
     R"({"state":"在新城市感到孤单，想念姐姐的关心，又怕成为负担而不敢开口。",)"
     R"("emotions":[{"name":"孤独","strength":3},{"name":"难过","strength":2}],)"
     R"("needs":["有人倾听","陪伴"],"risk":"none"})",
     R"({"phase":"exploring","confidence":"high"})",
     "为了让姐姐轻松一些，你把想念都放在了自己心里，星期天也就安静了下来。会难过是很自然的，因为那"
     "个"
     "电话是有人问起你的时刻。不想成为负担，里面有你对她的体贴，只是这样一来，你就一个人承受了很多"
     "。"
     "如果她知道你很想听到她的声音，你觉得她会怎么回答呢？"},
}};

}  // namespace

const Words& words_of(std::size_t turn) { return languages[turn % languages.size()]; }

std::vector<wire::Utterance> history_of(const Words& words) {
    std::vector<wire::Utterance> history;
    for (const auto text : words.history) {
        const auto role = history.size() % 2 == 0 ? wire::Role::user : wire::Role::assistant;
        history.push_back({role, std::string(text)});
    }
    return history;
}

rehearsal::Tokens reply_of(std::size_t turn, std::size_t tokens) {
    return rehearsal::fit_tokens(rehearsal::cut_into_tokens(words_of(turn).reply), tokens);
}

wire::Packed packed(std::string_view json) {
    const auto bytes = nlohmann::json::to_msgpack(nlohmann::json::parse(json));
    return {std::string(bytes.begin(), bytes.end())};
}

}  // namespace emostage::gate
