#pragma once

#include <vector>

#include "core/values/causal.h"
#include "widgets/causal/figure_view.h"

namespace lvr {

// What the answer would be if the thought ended after k latents: a line for each candidate, the
// entropy, and the likeliest under each k. A click or an arrow key chooses a k.
class EarlyAnswers : public FigureView {
    Q_OBJECT
public:
    explicit EarlyAnswers(QWidget* parent = nullptr);

    // expected: the right answer, marked where it is a candidate; empty: not known.
    void setAnswers(const std::vector<EarlyAnswer>& answers,
                    const std::vector<std::string>& candidates, const std::string& expected);
    void choose(int place);  // -1: none
    int chosen() const { return chosen_; }
    bool isEmpty() const override { return answers_.empty(); }
    // The candidates that are drawn: those that are ever likely, at most so many.
    static constexpr int kMostLines = 6;
    const std::vector<int>& shown() const { return shown_; }

Q_SIGNALS:
    void latentsChosen(int latents);  // k

protected:
    void draw(QPainter& painter, const QRectF& space, const FigureInk& ink) const override;
    QString explain(const QPointF& at) const override;
    void mousePressEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    struct Layout {
        QRectF plot, words, legend;
    };
    Layout layOut(const QRectF& space) const;
    double xOf(int place, const QRectF& plot) const;
    int placeAt(double x) const;
    void drawAxes(QPainter& painter, const Layout& layout, const FigureInk& ink) const;
    void drawLines(QPainter& painter, const Layout& layout, const FigureInk& ink) const;
    void drawWords(QPainter& painter, const Layout& layout, const FigureInk& ink) const;
    void drawLegend(QPainter& painter, const Layout& layout, const FigureInk& ink) const;
    double probability(int place, int candidate) const;
    double entropyShare(int place) const;
    QString nameOfCandidate(int candidate) const;

    std::vector<EarlyAnswer> answers_;
    std::vector<std::string> candidates_;
    std::string expected_;
    std::vector<int> shown_;
    int chosen_ = -1;
};

}  // namespace lvr
