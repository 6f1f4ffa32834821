#pragma once

#include <QTextEdit>
#include <vector>

namespace lvr {

// A text in which every position that was generated has its own piece: pointing at one tells about
// it, and the latent ones can be clicked. What it looks like is its subclass's.
class TokenText : public QTextEdit {
    Q_OBJECT
public:
    static constexpr int kNone = -1;
    explicit TokenText(QWidget* parent = nullptr);

    int latentCount() const { return static_cast<int>(latents_.size()); }
    // What is said about the position under a point of the viewport; empty when there is none.
    QString explain(const QPoint& at) const;
    QRect latentRect(int latent) const;  // in the viewport

protected:
    struct Piece {  // of the document, [begin, end)
        int begin = 0, end = 0;
        int latent = kNone;
    };
    bool viewportEvent(QEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;

    void clearPieces();
    void addPiece(int begin, int end, bool isLatent);  // after those before it
    const std::vector<Piece>& pieces() const { return pieces_; }
    int pieceOf(int latent) const { return latents_[latent]; }
    int pieceAt(const QPoint& at) const;  // its index; kNone: there is none
    QRect rectOf(int piece) const;
    QTextCursor cursorOver(int piece) const;  // with the piece selected
    virtual QString about(int piece) const = 0;
    virtual void latentClicked(int latent) = 0;

private:
    std::vector<Piece> pieces_;
    std::vector<int> latents_;  // index into pieces_
};

}  // namespace lvr
