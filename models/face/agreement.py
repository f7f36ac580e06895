"""Which of a few pictures show one person, and which show somebody else.

Nobody says which picture is right, so the order says nothing: most of them do. Pictures that are
alike form a group, a chain of alike pictures too; the largest group is the person. A picture apart
from it is compared with the group's mean as well, which knows the person better than any one
picture and so refuses fewer good ones.
"""

from collections.abc import Sequence

from models.face.types import Embedding, Pipeline


def majority(
    pipeline: Pipeline, embeddings: Sequence[Embedding], *, alike: float, alike_mean: float
) -> list[int]:
    """Return which embeddings are of the one person that most of them show.

    Args:
        pipeline: That made the embeddings.
        embeddings: Of one picture each; a handful.
        alike: Similarity from which two pictures show one person.
        alike_mean: The same for a picture and a mean of several.

    Returns:
        Indices, ascending, the same whatever the order of the pictures. Empty when as many pictures
        show one person as another: then nobody can tell whose pictures these are.
    """
    groups = list[list[int]]()
    for index, embedding in enumerate(embeddings):
        near = [
            group
            for group in groups
            if any(pipeline.similarity(embeddings[i], embedding) >= alike for i in group)
        ]
        groups = [group for group in groups if group not in near]
        groups.append([*(i for group in near for i in group), index])
    groups.sort(key=len, reverse=True)
    if not groups or (len(groups) > 1 and len(groups[0]) == len(groups[1])):
        return []
    mean = pipeline.mean([embeddings[i] for i in groups[0]])
    late = [
        i
        for group in groups[1:]
        for i in group
        if pipeline.similarity(mean, embeddings[i]) >= alike_mean
    ]
    return sorted(groups[0] + late)
