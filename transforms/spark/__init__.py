"""The SQL files on Apache Spark: the same models, macros, seeds and claims, translated."""
