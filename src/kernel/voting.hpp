// Which listed parts have some of a body's local features in one rigid arrangement, and how they would lie on it.
#pragma once

#include <algorithm>
#include <vector>

#include "common.hpp"
#include "sampling.hpp"

namespace partwatch {

constexpr int kCodeSize = 20;

// Features of a list, grouped by cell: those of cell c are start[c] to start[c + 1].
struct ListedFeatures {
    const int8_t* codes;
    const int32_t* part;
    const float *place, *facing;
    const int64_t* start;
    // Of each part whether it may be voted for.
    const bool* asked;
};

// Features of a body. cells: `probes` for each.
struct BodyFeatures {
    size_t count, probes;
    const int8_t* codes;
    const int32_t* cells;
    std::vector<Vec3> place, facing;
    // How much a vote of each is worth: what all bodies have tells nothing.
    std::vector<double> radius, worth;
};

struct Ballot {
    // Parts that a feature may vote for, and features a part that may be voted for by one.
    size_t parts = 64, repeats = 6;
    // Listed features closest to one of the body's that it may vote for.
    size_t nearest = 8 * parts;
    // Votes of one part that are looked at together.
    size_t votes = 224;
    // Parts that are looked at.
    size_t likely = 200;
    // Poses of one part that are kept.
    size_t poses = 4;
};

struct Vote {
    int32_t query;
    int64_t row;
    float weight;
};

struct Candidate {
    int32_t part;
    double score;
    bool mirrored;
    Similarity T_body_part;
};

inline int32_t code_distance(const int8_t* a, const int8_t* b) {
    int32_t sum = 0;
    for (int k = 0; k < kCodeSize; ++k) {
        int16_t d = static_cast<int16_t>(a[k] - b[k]);
        sum += d * d;
    }
    return sum;
}

inline Vec3 vec3(const float* p) { return {p[0], p[1], p[2]}; }

class Voting {
  public:
    Voting(const ListedFeatures& listed, const BodyFeatures& body, size_t parts, Ballot ballot)
        : listed_(listed), body_(body), votes_(parts), ballot_(ballot) {
        std::vector<uint32_t> seen(parts, 0), times(parts, 0);
        std::vector<std::pair<int32_t, int64_t>> near;
        const double most = std::log(static_cast<double>(parts) + ballot.parts);
        for (size_t q = 0; q < body.count; ++q) {
            closest(q, near);
            size_t rank = 0;
            for (auto [distance, row] : near) {
                int32_t part = listed.part[row];
                if (seen[part] != q + 1) {
                    if (++rank > ballot.parts) break;
                    seen[part] = static_cast<uint32_t>(q + 1);
                    times[part] = 0;
                }
                if (++times[part] > ballot.repeats) continue;
                // In a short list nearly every part comes first at something: only what is alike in itself tells.
                double ranked = (most - std::log(static_cast<double>(rank))) / most;
                float weight = static_cast<float>(ranked / (1 + distance / alike) * body.worth[q]);
                votes_[part].push_back({static_cast<int32_t>(q), row, weight});
            }
        }
    }

    // The best `most` parts by the weight of what agrees on one pose, each with its best poses, best first.
    std::vector<Candidate> candidates(size_t most) {
        std::vector<std::vector<Candidate>> found;
        for (size_t part : likely()) {
            std::vector<Candidate> poses = agreed(static_cast<int32_t>(part));
            if (!poses.empty()) found.push_back(std::move(poses));
        }
        std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
            return a[0].score != b[0].score ? a[0].score > b[0].score : a[0].part < b[0].part;
        });
        if (found.size() > most) found.resize(most);
        std::vector<Candidate> flat;
        for (const auto& poses : found) flat.insert(flat.end(), poses.begin(), poses.end());
        return flat;
    }

  private:
    // How far a pose may fall behind its part's best.
    static constexpr double kept_share = 0.6;
    // Code distance at which a vote counts half.
    static constexpr double alike = 2000;

    // The listed features closest to one of the body's, in the cells that it looks into: code distance and row.
    void closest(size_t q, std::vector<std::pair<int32_t, int64_t>>& near) const {
        near.clear();
        int32_t bar = std::numeric_limits<int32_t>::max();
        auto cut = [&] {
            if (near.size() <= ballot_.nearest) return;
            std::nth_element(near.begin(), near.begin() + (ballot_.nearest - 1), near.end());
            near.resize(ballot_.nearest);
            bar = near.back().first;
        };
        const int32_t* cells = body_.cells + q * body_.probes;
        for (size_t c = 0; c < body_.probes; ++c) {
            if (std::find(cells, cells + c, cells[c]) != cells + c) continue;
            for (int64_t row = listed_.start[cells[c]]; row < listed_.start[cells[c] + 1]; ++row) {
                int32_t distance = code_distance(body_.codes + q * kCodeSize, listed_.codes + row * kCodeSize);
                if (distance > bar || !listed_.asked[listed_.part[row]]) continue;
                near.push_back({distance, row});
                // Cut now and then, so that a crowded cell costs time but no room.
                if (near.size() == 4 * ballot_.nearest) cut();
            }
        }
        cut();
        std::sort(near.begin(), near.end());
    }

    // Parts with the most votes by weight: the others are not looked at.
    std::vector<size_t> likely() const {
        std::vector<std::pair<double, size_t>> order;
        for (size_t part = 0; part < votes_.size(); ++part) {
            if (votes_[part].size() < 3) continue;
            double sum = 0;
            for (const Vote& v : votes_[part]) sum -= v.weight;
            order.push_back({sum, part});
        }
        std::sort(order.begin(), order.end());
        if (order.size() > ballot_.likely) order.resize(ballot_.likely);
        std::vector<size_t> parts;
        for (auto [_, part] : order) parts.push_back(part);
        return parts;
    }

    struct Placed {
        Vec3 q, nq, p, np;
        double radius;
        int32_t query;
        double weight;
    };

    // The poses that most of a part's votes agree on, placed apart from each other; best first.
    std::vector<Candidate> agreed(int32_t part) {
        std::vector<Vote>& votes = votes_[part];
        std::vector<Candidate> poses;
        std::stable_sort(votes.begin(), votes.end(), [](const Vote& a, const Vote& b) { return a.weight > b.weight; });
        if (votes.size() > ballot_.votes) votes.resize(ballot_.votes);
        std::vector<Placed> all;
        for (const Vote& v : votes)
            all.push_back({body_.place[v.query], body_.facing[v.query], vec3(listed_.place + 3 * v.row),
                           vec3(listed_.facing + 3 * v.row), body_.radius[v.query], v.query, v.weight});
        size_t n = all.size();
        std::vector<uint8_t> fits(n * n, 0);
        std::vector<double> sum(n, 0);
        for (size_t a = 0; a < n; ++a)
            for (size_t b = a + 1; b < n; ++b)
                if (compatible(all[a], all[b])) {
                    fits[a * n + b] = fits[b * n + a] = 1;
                    sum[a] += all[b].weight;
                    sum[b] += all[a].weight;
                }
        std::vector<size_t> order(n);
        for (size_t a = 0; a < n; ++a) order[a] = a, sum[a] = sum[a] > 0 ? sum[a] + all[a].weight : 0;
        std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return sum[a] > sum[b]; });
        constexpr size_t seeds = 4, partners = 10;
        for (size_t s = 0; s < std::min(seeds, n); ++s) {
            size_t a = order[s];
            if (sum[a] <= kept_share * top(poses)) break;
            size_t tried = 0;
            for (size_t k = 0; k < n && tried < partners; ++k) {
                size_t b = order[k];
                if (!fits[a * n + b]) continue;
                ++tried;
                for (bool mirrored : {false, true}) {
                    Similarity T;
                    if (!pose(all[a], all[b], mirrored, T)) continue;
                    double score = support(all, T);
                    if (score <= kept_share * top(poses)) continue;
                    for (int round = 0; round < 2; ++round) {
                        Similarity closer;
                        if (!fitted(mirrored, closer)) break;
                        double again = support(all, closer);
                        if (again < score) break;
                        score = again, T = closer;
                    }
                    keep(poses, {part, score, mirrored, T}, all);
                }
            }
        }
        double bar = kept_share * top(poses);
        while (!poses.empty() && poses.back().score < bar) poses.pop_back();
        return poses;
    }

    static double top(const std::vector<Candidate>& poses) { return poses.empty() ? 0 : poses.front().score; }

    // Puts a pose among the others, best first; of those that place the part alike only the best stays.
    void keep(std::vector<Candidate>& poses, const Candidate& pose, const std::vector<Placed>& all) const {
        size_t alike = 0;
        while (alike < poses.size() && !placed_alike(poses[alike], pose, all)) ++alike;
        if (alike < poses.size()) {
            if (poses[alike].score >= pose.score) return;
            poses.erase(poses.begin() + static_cast<std::ptrdiff_t>(alike));
        }
        size_t at = 0;
        while (at < poses.size() && poses[at].score >= pose.score) ++at;
        poses.insert(poses.begin() + static_cast<std::ptrdiff_t>(at), pose);
        if (poses.size() > ballot_.poses) poses.pop_back();
    }

    static bool placed_alike(const Candidate& a, const Candidate& b, const std::vector<Placed>& all) {
        double gap = 0, radius = 0;
        for (const Placed& v : all) gap += norm(a.T_body_part(v.p) - b.T_body_part(v.p)), radius += v.radius;
        return gap < 0.5 * radius;
    }

    static bool compatible(const Placed& a, const Placed& b) {
        if (a.query == b.query) return false;
        Vec3 dq = b.q - a.q, dp = b.p - a.p;
        double lq = norm(dq), lp = norm(dp), r = std::min(a.radius, b.radius), loose = 0.2 * r + 0.03 * std::min(lq, lp);
        return lq > 0.5 * r && std::fabs(lq - lp) < loose && std::fabs(dot(a.nq, b.nq) - dot(a.np, b.np)) < 0.3 &&
               std::fabs(dot(dq, a.nq) - dot(dp, a.np)) < loose + 0.15 * lq &&
               std::fabs(dot(dq, b.nq) - dot(dp, b.np)) < loose + 0.15 * lq;
    }

    // The motion that lays two oriented points of the part on two of the body.
    static bool pose(const Placed& a, const Placed& b, bool mirrored, Similarity& T) {
        Vec3 fq[3], fp[3];
        if (!frame(b.q - a.q, a.nq, b.nq, fq) || !frame(b.p - a.p, a.np, b.np, fp)) return false;
        if (mirrored) fp[2] = fp[2] * -1;
        const double* q[3] = {&fq[0].x, &fq[1].x, &fq[2].x};
        const double* p[3] = {&fp[0].x, &fp[1].x, &fp[2].x};
        for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 3; ++j) T.A[3 * i + j] = q[0][i] * p[0][j] + q[1][i] * p[1][j] + q[2][i] * p[2][j];
        T.t = {};
        T.t = (a.q + b.q) * 0.5 - T.linear((a.p + b.p) * 0.5);
        return true;
    }

    // Both normals together, so that neither's error turns the frame alone.
    static bool frame(Vec3 d, Vec3 na, Vec3 nb, Vec3 (&out)[3]) {
        double length = norm(d);
        if (!(length > 0)) return false;
        out[0] = d * (1 / length);
        Vec3 a = na - out[0] * dot(na, out[0]), b = nb - out[0] * dot(nb, out[0]);
        Vec3 across = a + b;
        if (norm(across) < 0.4) across = norm(a) > norm(b) ? a : b;
        length = norm(across);
        if (length < 0.25) return false;
        out[1] = across * (1 / length);
        out[2] = cross(out[0], out[1]);
        return true;
    }

    // The motion that lays what was counted last in least squares (Horn 1987), rotation or rotoreflection.
    bool fitted(bool mirrored, Similarity& T) const {
        if (counted_.size() < 3) return false;
        Vec3 mq, mp;
        double share = 1.0 / static_cast<double>(counted_.size()), side = mirrored ? -1 : 1;
        for (const Placed* v : counted_) mq = mq + v->q * share, mp = mp + v->p * share;
        double S[3][3] = {};
        for (const Placed* v : counted_) {
            Vec3 q = v->q - mq, p = v->p - mp;
            double a[3] = {side * p.x, p.y, p.z}, b[3] = {q.x, q.y, q.z};
            for (int i = 0; i < 3; ++i)
                for (int j = 0; j < 3; ++j) S[i][j] += a[i] * b[j];
            // Normals as well, or what lies on one line could turn about it.
            Vec3 m = v->np * v->radius, n = v->nq * v->radius;
            double c[3] = {side * m.x, m.y, m.z}, d[3] = {n.x, n.y, n.z};
            for (int i = 0; i < 3; ++i)
                for (int j = 0; j < 3; ++j) S[i][j] += 0.1 * c[i] * d[j];
        }
        double N[4][4] = {
            {S[0][0] + S[1][1] + S[2][2], S[1][2] - S[2][1], S[2][0] - S[0][2], S[0][1] - S[1][0]},
            {S[1][2] - S[2][1], S[0][0] - S[1][1] - S[2][2], S[0][1] + S[1][0], S[2][0] + S[0][2]},
            {S[2][0] - S[0][2], S[0][1] + S[1][0], S[1][1] - S[0][0] - S[2][2], S[1][2] + S[2][1]},
            {S[0][1] - S[1][0], S[2][0] + S[0][2], S[1][2] + S[2][1], S[2][2] - S[0][0] - S[1][1]}};
        double q[4];
        largest_eigenvector(N, q);
        double w = q[0], x = q[1], y = q[2], z = q[3];
        T.A = {side * (1 - 2 * (y * y + z * z)), 2 * (x * y - z * w),     2 * (x * z + y * w),
               side * 2 * (x * y + z * w),       1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
               side * 2 * (x * z - y * w),       2 * (y * z + x * w),     1 - 2 * (x * x + y * y)};
        T.t = {};
        T.t = mq - T.linear(mp);
        return true;
    }

    // Of a symmetric 4x4 matrix, by Jacobi rotations.
    static void largest_eigenvector(double (&a)[4][4], double (&out)[4]) {
        double V[4][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}};
        for (int sweep = 0; sweep < 20; ++sweep) jacobi_sweep(a, V);
        int top = 0;
        for (int k = 1; k < 4; ++k)
            if (a[k][k] > a[top][top]) top = k;
        for (int k = 0; k < 4; ++k) out[k] = V[k][top];
    }

    // Weight of the body's features that the motion brings the part's onto, each counted once.
    double support(const std::vector<Placed>& all, const Similarity& T) {
        double sum = 0;
        counted_.clear();
        for (const Placed& v : all) {
            bool agrees = norm(T(v.p) - v.q) <= 0.35 * v.radius && dot(T.linear(v.np), v.nq) >= 0.8;
            if (!agrees) continue;
            bool again = false;
            for (const Placed* other : counted_) again = again || other->query == v.query;
            if (again) continue;
            counted_.push_back(&v);
            sum += v.weight;
        }
        return counted_.size() >= 3 ? sum : 0;
    }

    const ListedFeatures& listed_;
    const BodyFeatures& body_;
    std::vector<std::vector<Vote>> votes_;
    Ballot ballot_;
    std::vector<const Placed*> counted_;
};

}  // namespace partwatch
